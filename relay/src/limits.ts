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
  /** Packets that may follow CONNECT before CONNACK was sent (section 3.1.4). A button sends two or three. */
  packetsBeforeConnack: number;
  /**
   * Longest keep-alive. A longer one, or none, is treated as this: a connection whose radio died is forgotten after
   * one and a half times as long ([MQTT-3.1.2-24]; section 3.1.2.10 lets a server drop a silent client any time).
   */
  keepAliveCeilingS: number;
  /** Open sockets in all, on every door, logged in or not. 25 kB each: a quarter of a gigabyte at worst. */
  connections: number;
  /** A client whose socket takes nothing for this long is dropped: while it stalls, others may wait for it. */
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
  packetsBeforeConnack: 10,
  keepAliveCeilingS: 300,
  connections: 10_000,
  stallTimeoutMs: 5_000,
  takeoverTimeoutMs: 1_000,
  closeTimeoutMs: 1_500,
};
