/**
 * MQTT 3.1.1, the subset a button needs: CONNECT with a session kept or clean, a last will, SUBSCRIBE, PUBLISH of
 * QoS 0 and 1 both ways, keep-alive. It knows no socket and no timer: bytes go out through `send`, come in through `receive`.
 * Clause numbers are those of the OASIS standard of 29 October 2014. Chip's dialect; strings are binary.
 */

/** Largest packet we take, in bytes: a message of the protocol (1,024) with its topic and headers, and room. */
export const maxPacketBytes = 1280;

export interface MqttHandlers {
  /** Puts bytes on the wire. */
  send(bytes: string): void;
  /** CONNACK: 0 accepted, 1 to 5 refused (section 3.2.2.3). */
  connected(returnCode: number): void;
  /** SUBACK: false when any of the topics was refused (section 3.9.3). */
  subscribed(allGranted: boolean): void;
  message(topic: string, payload: string): void;
  /** The peer broke the protocol, and the connection must be closed [MQTT-4.8.0-1]. */
  broken(): void;
}

export interface MqttConnect {
  /** Client identifier and user name: the relay wants the same in both. */
  name: string;
  password: string;
  /** Seconds; 0 switches it off. */
  keepAliveS: number;
  /** True: the broker forgets subscriptions and undelivered messages of an earlier connection. */
  clean: boolean;
  /** Published with QoS 1 when the connection ends without a DISCONNECT (section 3.1.2.5). */
  will?: { topic: string; payload: string; retain: boolean };
}

export interface Mqtt {
  connect(options: MqttConnect): void;
  /** All with QoS 1. */
  subscribe(packetId: number, topics: string[]): void;
  publish(topic: string, payload: string, packetId: number, dup: boolean): void;
  ping(): void;
  disconnect(): void;
  /** Whatever the socket delivers: half a packet, or several. */
  receive(bytes: string): void;
}

/** Section 1.5.2: big-endian. */
function word(n: number): string {
  return String.fromCharCode((n >> 8) & 255, n & 255);
}

/** Section 1.5.3: two bytes of length, then the text (ours is ASCII, which is UTF-8 too). */
function field(text: string): string {
  return word(text.length) + text;
}

/** Section 2.2.3: seven bits a byte, lowest first. */
function packet(firstByte: number, body: string): string {
  let length = '';
  let rest = body.length;
  do {
    length += String.fromCharCode(rest > 127 ? (rest & 127) | 128 : rest);
    rest >>= 7;
  } while (rest > 0);
  return String.fromCharCode(firstByte) + length + body;
}

function wordAt(bytes: string, at: number): number {
  return (bytes.charCodeAt(at) << 8) | bytes.charCodeAt(at + 1);
}

/** Makes a client for one connection. A new connection gets a new client. */
export function mqttClient(on: MqttHandlers): Mqtt {
  let received = '';
  let dead = false;

  function fail(): void {
    dead = true;
    received = '';
    on.broken();
  }

  function takePublish(flags: number, body: string): void {
    const qos = (flags >> 1) & 3;
    const topicLength = wordAt(body, 0);
    const start = 2 + topicLength + (qos > 0 ? 2 : 0);
    // We subscribe with QoS 1, and a server may not send more than was granted [MQTT-3.8.4-6].
    if (qos > 1 || start > body.length) {
      fail();
      return;
    }
    if (qos === 1) {
      // Acknowledged before it is handled: our own handling cannot be lost to a crash, the status is retained.
      on.send(packet(0x40, body.substring(2 + topicLength, start)));
    }
    on.message(body.substring(2, 2 + topicLength), body.substring(start));
  }

  function take(first: number, body: string): void {
    const type = first >> 4;
    if (type === 3) {
      takePublish(first & 15, body);
    } else if (type === 2 && body.length === 2) {
      on.connected(body.charCodeAt(1));
    } else if (type === 9 && body.length >= 3) {
      // 0x80 after the packet identifier is a refusal, once per topic (section 3.9.3).
      on.subscribed(body.indexOf('\x80', 2) < 0);
    } else if ((type !== 4 || body.length !== 2) && (type !== 13 || body.length > 0)) {
      // A PUBACK only says that the broker has our packet (it is no acceptance), a PINGRESP that it is there.
      fail();
    }
  }

  /** Takes one whole packet off the front of what was received; false when there is none yet. */
  function takeFirst(): boolean {
    const first = received.charCodeAt(0);
    // Only these may come, and their flags are fixed [MQTT-2.2.2-2]. Text is none of them, so it is not waited out as
    // the beginning of a long packet.
    if ((first & 0xf4) !== 0x30 && ![0x20, 0x40, 0x90, 0xd0].includes(first)) {
      fail();
      return false;
    }
    let length = 0;
    let at = 1;
    let more = true;
    while (more) {
      if (at > 4) {
        fail(); // a remaining length has four bytes at the most, section 2.2.3
        return false;
      }
      if (at >= received.length) {
        return false;
      }
      const digit = received.charCodeAt(at);
      length |= (digit & 127) << (7 * (at - 1));
      more = digit > 127;
      at++;
    }
    if (length > maxPacketBytes) {
      fail();
      return false;
    }
    if (received.length < at + length) {
      return false;
    }
    const body = received.substring(at, at + length);
    received = received.substring(at + length);
    take(first, body);
    return !dead;
  }

  return {
    connect(options) {
      // Section 3.1.2: protocol name and level 4; flags for user name, password, session, will (of QoS 1).
      const will = options.will;
      const flags = (options.clean ? 0xc2 : 0xc0) | (will ? (will.retain ? 0x2c : 0x0c) : 0);
      on.send(
        packet(
          0x10,
          `${field('MQTT')}\x04${String.fromCharCode(flags)}${word(options.keepAliveS)}${field(options.name)}${
            will ? field(will.topic) + field(will.payload) : ''
          }${field(options.name)}${field(options.password)}`,
        ),
      );
    },
    subscribe(packetId, topics) {
      // Section 3.8.1: the lower four bits of the first byte must be 2.
      on.send(packet(0x82, word(packetId) + topics.map(topic => `${field(topic)}\x01`).join('')));
    },
    publish(topic, payload, packetId, dup) {
      // QoS 1, never retained; DUP on a repetition [MQTT-3.3.1-1].
      on.send(packet(dup ? 0x3a : 0x32, field(topic) + word(packetId) + payload));
    },
    ping() {
      on.send('\xc0\x00');
    },
    disconnect() {
      // So that the server throws the will away [MQTT-3.14.4-3]; a button has none, but it is polite.
      on.send('\xe0\x00');
    },
    receive(bytes) {
      received += bytes;
      // Each turn takes a packet off a finite string, so this ends.
      while (!dead && received.length > 1 && takeFirst()) {}
    },
  };
}
