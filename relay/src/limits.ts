/** Every limit of the relay, in one place: its name, its default and why it is that number. */
import { maxMessageBytes } from '../../protocol/src/messages.ts';

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
   * From the open socket to a whole PROXY header, on doors that ask for one; `connectTimeoutMs` begins after it. The
   * balancer sends it in its first segment.
   */
  proxyHeaderTimeoutMs: number;
  /** Packets that may follow CONNECT before CONNACK was sent (section 3.1.4). A button sends two or three. */
  packetsBeforeConnack: number;
  /**
   * Longest keep-alive. A longer one, or none, is treated as this: a connection whose radio died is forgotten after
   * one and a half times as long ([MQTT-3.1.2-24]; section 3.1.2.10 lets a server drop a silent client any time).
   */
  keepAliveCeilingS: number;
  /** Open sockets in all, on every door, logged in or not. 25 kB each: a quarter of a gigabyte at worst. */
  connections: number;
  /**
   * Open connections from one address (an IPv6 /64). A lab or a mobile provider may hide hundreds of buttons behind
   * one; a stranger with one address gets a twentieth of the room.
   */
  connectionsPerAddress: number;
  /** New ones from it per minute, and at once. All those buttons come back together when the relay has restarted. */
  newConnectionsPerAddressPerMinute: number;
  /**
   * Wrong passwords from one address before no more people's passwords are checked for it. Behind a NAT several
   * people mistype; for keys of machines see guesses.ts.
   */
  failedLoginsPerAddress: number;
  /** Wrong passwords under one name from one address. A person who mistypes notices after five. */
  failedLoginsPerNameAndAddress: number;
  /**
   * Wrong passwords under one name from everywhere: what a thousand hired machines get. Then only the address that
   * the name last came from is heard.
   */
  failedLoginsPerName: number;
  /** After this the failed logins above are forgotten, evenly on the way: 5 allow one more every three minutes. */
  failedLoginsForgottenMs: number;
  /** Checks of people's passwords under way. The thread pool does about sixteen a second: nobody waits longer than 2 s. */
  slowLogins: number;
  /** Addresses and names that each of the limits above remembers, about 200 bytes each. The most silent are forgotten. */
  rememberedKeys: number;
  /** Messages and subscriptions of a button at once, and per second after that. A press takes five, with all repeats. */
  buttonMessageBurst: number;
  buttonMessagesPerS: number;
  /** The same for a provisioner, who after a reconnect subscribes and publishes once for each of its buttons. */
  provisionerMessageBurst: number;
  provisionerMessagesPerS: number;
  /** A message over the rate is taken so much later, and who would have to wait longer is disconnected. */
  messageDelayMs: number;
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
  packetsBeforeConnack: 10,
  keepAliveCeilingS: 300,
  connections: 10_000,
  connectionsPerAddress: 500,
  newConnectionsPerAddressPerMinute: 600,
  failedLoginsPerAddress: 30,
  failedLoginsPerNameAndAddress: 5,
  failedLoginsPerName: 50,
  failedLoginsForgottenMs: 15 * 60_000,
  slowLogins: 32,
  rememberedKeys: 20_000,
  buttonMessageBurst: 20,
  buttonMessagesPerS: 2,
  provisionerMessageBurst: 2_000,
  provisionerMessagesPerS: 200,
  messageDelayMs: 10_000,
  usersCheckMs: 800,
  usersSettleMs: 200,
  queueBytes: 16 * 1024,
  provisionerQueueBytes: 512 * 1024,
  stallTimeoutMs: 5_000,
  takeoverTimeoutMs: 1_000,
  closeTimeoutMs: 1_500,
};
