/** Every limit of the relay, in one place: its name, its default and why it is that number. */
import { maxMessageBytes } from '../../../protocol/src/messages.ts';

/** A button gives orders, a provisioner carries them out for the buttons of its site. */
export type Role = 'button' | 'provisioner';

export interface Limits {
  /** Longest payload of a message. The signed texts of the protocol are never longer. */
  payloadBytes: number;
  /**
   * Longest packet, as its Remaining Length says (MQTT 3.1.1 section 2.2.3). The longest honest packet is not a
   * message but the SUBSCRIBE of a provisioner: 16 KiB hold the press topics of 250 buttons. Whoever announces
   * more is gone before the bytes are buffered.
   */
  packetBytes: number;
  /** From the open socket to a whole CONNECT, a TLS handshake included. A phone on a bad day needs 3 s; a stranger gets no more than this. */
  connectTimeoutMs: number;
  /**
   * From the open socket to a whole PROXY header, on listeners that ask for one; `connectTimeoutMs` begins after it. The
   * balancer sends it in its first segment.
   */
  proxyHeaderTimeoutMs: number;
  /**
   * Longest keep-alive. A longer one, or none, is treated as this: a connection whose radio died is forgotten after
   * one and a half times as long ([MQTT-3.1.2-24]; section 3.1.2.10 lets a server drop a silent client any time).
   */
  keepAliveCeilingS: number;
  /** Open sockets in all, on every listener, logged in or not. 25 kB each: a quarter of a gigabyte at worst. */
  connections: number;
  /**
   * Open connections from one address (an IPv6 /64). A lab or a mobile provider may hide hundreds of buttons behind
   * one; a stranger with one address gets a twentieth of the room.
   */
  connectionsPerAddress: number;
  /** New ones from it per minute, and at once. All those buttons come back together when the relay has restarted. */
  newConnectionsPerAddressPerMinute: number;
  /** Addresses and names that each of the limits above remembers, about 200 bytes each. The most silent are forgotten. */
  rememberedKeys: number;
  /**
   * Packets of a button at once, and per second after that: a login, each filter, each message and each answer to one. A
   * press takes a dozen, with all repeats.
   */
  buttonMessageBurst: number;
  buttonMessagesPerS: number;
  /**
   * The same for a provisioner. A packet costs 20 to 60 µs, so one at its limit takes a twentieth of a processor.
   */
  provisionerMessageBurst: number;
  /**
   * So many more at once for each button of its site: when the relay is back, it listens to its presses, says its
   * status, and listens to that. Whoever has 6,000 buttons has them back at once, whoever has three gets nothing for it.
   */
  provisionerMessageBurstPerButton: number;
  provisionerMessagesPerS: number;
  /** A packet over the rate is taken so much later, and who would have to wait longer is disconnected. */
  messageDelayMs: number;
  /**
   * Lines of log that one client, or one address of strangers, may cause in full within `logPeriodMs`; what is more is
   * summed up in one line when it is over. A login that fails, or is tried again, has two or three.
   */
  logLinesPerClient: number;
  /** The same for all together: at 200 bytes each 60 kB a minute at worst, 90 MB a day. */
  logLines: number;
  logPeriodMs: number;
  /** How often the users file is looked at: a revoked button is gone after this and `usersSettleMs`, one second. */
  usersCheckMs: number;
  /** A changed users file is taken when it still reads the same after this. Nobody writes one for longer. */
  usersSettleMs: number;
  /**
   * What may wait for a button that does not read, in bytes; more, and it is dropped. A build says about ten statuses
   * of 400 bytes. All connections together: 160 MB at worst.
   */
  queueBytes: number;
  /** The same for a provisioner: a thousand presses at once. */
  provisionerQueueBytes: number;
  /** A client whose socket takes nothing for this long is dropped. Others do not wait for it. */
  stallTimeoutMs: number;
  /** How long a new connection waits until the old one of the same name has left (its will included). */
  takeoverTimeoutMs: number;
  /** After this, closing goes on without those who have not left. */
  closeTimeoutMs: number;
}

export const defaultLimits: Readonly<Limits> = {
  payloadBytes: maxMessageBytes,
  packetBytes: 16 * 1024,
  connectTimeoutMs: 10_000,
  proxyHeaderTimeoutMs: 3_000,
  keepAliveCeilingS: 300,
  connections: 10_000,
  connectionsPerAddress: 500,
  newConnectionsPerAddressPerMinute: 600,
  rememberedKeys: 20_000,
  buttonMessageBurst: 40,
  buttonMessagesPerS: 2,
  provisionerMessageBurst: 4_000,
  provisionerMessageBurstPerButton: 3,
  provisionerMessagesPerS: 1_000,
  messageDelayMs: 10_000,
  logLinesPerClient: 5,
  logLines: 300,
  logPeriodMs: 60_000,
  usersCheckMs: 800,
  usersSettleMs: 200,
  queueBytes: 16 * 1024,
  provisionerQueueBytes: 512 * 1024,
  stallTimeoutMs: 5_000,
  takeoverTimeoutMs: 1_000,
  closeTimeoutMs: 1_500,
};
