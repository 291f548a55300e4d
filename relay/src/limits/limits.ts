/** Every limit of the relay, in one place: its name, its default and why it is that number. */
import { maxMessageBytes } from '../../../protocol/src/messages.ts';

/** A button gives orders, a provisioner carries them out for the buttons of its site. */
export type Role = 'button' | 'provisioner';

interface Limit {
  usual: number;
  /** For the reference page, docs/settings.md. The unit is the end of the name. */
  why: string;
}

/** The settings take any of them under `limits`. */
export const limitTable = {
  payloadBytes: {
    usual: maxMessageBytes,
    why: 'Longest payload of a message. The signed texts of the protocol are never longer.',
  },
  packetBytes: {
    usual: 16 * 1024,
    why: 'Longest packet, as its Remaining Length says (MQTT 3.1.1 section 2.2.3). The longest honest packet is not a message but the SUBSCRIBE of a provisioner: 16 KiB hold the press topics of 250 buttons. Whoever announces more is gone before the bytes are buffered.',
  },
  connectTimeoutMs: {
    usual: 10_000,
    why: 'From the open socket to a whole CONNECT, a TLS handshake included. A phone on a bad day needs 3 s; a stranger gets no more than this.',
  },
  proxyHeaderTimeoutMs: {
    usual: 3_000,
    why: 'From the open socket to a whole PROXY header, on listeners that ask for one; connectTimeoutMs begins after it. The balancer sends it in its first segment.',
  },
  keepAliveCeilingS: {
    usual: 300,
    why: 'Longest keep-alive. A longer one, or none, is treated as this: a connection whose radio died is forgotten after one and a half times as long ([MQTT-3.1.2-24]; section 3.1.2.10 lets a server drop a silent client any time).',
  },
  connections: {
    usual: 10_000,
    why: 'Open sockets in all, on every listener, logged in or not. 25 kB each: a quarter of a gigabyte at worst.',
  },
  connectionsPerAddress: {
    usual: 500,
    why: 'Open connections from one address (an IPv6 /64). A lab or a mobile provider may hide hundreds of buttons behind one; a stranger with one address gets a twentieth of the room.',
  },
  newConnectionsPerAddressPerMinute: {
    usual: 600,
    why: 'New ones from it per minute, and at once. All those buttons come back together when the relay has restarted.',
  },
  rememberedKeys: {
    usual: 20_000,
    why: 'Addresses and names that each of the limits above remembers, about 200 bytes each. The most silent are forgotten.',
  },
  buttonMessageBurst: {
    usual: 40,
    why: 'Packets of a button at once: a login, each filter, each message and each answer to one. A press takes a dozen, with all repeats.',
  },
  buttonMessagesPerS: { usual: 2, why: 'And per second after that.' },
  provisionerMessageBurst: {
    usual: 4_000,
    why: 'The same for a provisioner. A packet costs 20 to 60 µs, so one at its limit takes a twentieth of a processor.',
  },
  provisionerMessageBurstPerButton: {
    usual: 3,
    why: 'So many more at once for each button of its site: when the relay is back, it listens to its presses, says its status, and listens to that. Whoever has 6,000 buttons has them back at once, whoever has three gets nothing for it.',
  },
  provisionerMessagesPerS: { usual: 1_000, why: 'And per second after that.' },
  messageDelayMs: {
    usual: 10_000,
    why: 'A packet over the rate is taken so much later at most, and who would have to wait longer is disconnected.',
  },
  logLinesPerClient: {
    usual: 5,
    why: 'Lines of log that one client, or one address of strangers, may cause in full within logPeriodMs; what is more is summed up in one line when it is over. A login that fails, or is tried again, has two or three.',
  },
  logLines: {
    usual: 300,
    why: 'The same for all together: at 200 bytes each 60 kB a minute at worst, 90 MB a day.',
  },
  logPeriodMs: { usual: 60_000, why: 'What the two limits of log lines count in.' },
  usersCheckMs: {
    usual: 800,
    why: 'How often the users file is looked at: a revoked button is gone after this and usersSettleMs, one second.',
  },
  usersSettleMs: {
    usual: 200,
    why: 'A changed users file is taken when it still reads the same after this. Nobody writes one for longer.',
  },
  queueBytes: {
    usual: 16 * 1024,
    why: 'What may wait for a button that does not read; more, and it is dropped. A build says about ten statuses of 400 bytes. All connections together: 160 MB at worst.',
  },
  provisionerQueueBytes: {
    usual: 512 * 1024,
    why: 'The same for a provisioner: a thousand presses at once.',
  },
  stallTimeoutMs: {
    usual: 5_000,
    why: 'A client whose socket takes nothing for this long is dropped. Others do not wait for it.',
  },
  takeoverTimeoutMs: {
    usual: 1_000,
    why: 'How long a new connection waits until the old one of the same name has left (its will included).',
  },
  closeTimeoutMs: { usual: 1_500, why: 'After this, closing goes on without those who have not left.' },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limitTable;

/** In bytes, milliseconds (Ms), seconds (S) or pieces, as the name says. */
export type Limits = Record<LimitName, number>;

export const defaultLimits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { usual }]) => [name, usual]),
) as Readonly<Limits>;
