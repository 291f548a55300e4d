/** One connection to the relay: socket, MQTT, keep-alive. Made anew for every dial. Chip's dialect. */
import { beaconTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Device } from './device.ts';
import { type ChipSocket, chip, type TimerId } from './hal.ts';
import { keepAliveS, pingEveryMs } from './limits.ts';
import { mqttClient } from './mqtt.ts';

export interface LinkHandlers {
  /** CONNACK and SUBACK are here, both good. */
  connected(): void;
  /** The CONNACK's return code, or 128 for a refused subscription. */
  refused(returnCode: number): void;
  /** Comes at most once, and never after close(). `why` fits a line of the display. */
  closed(why: string): void;
  message(topic: string, payload: string): void;
}

export interface Link {
  /** QoS 1, not retained. Dropped without a word when the connection is gone: `closed` tells. */
  publish(topic: string, payload: string, repeated: boolean): void;
  close(): void;
}

const subscribeId = 1;
/** One message is on its way at a time, so one packet identifier serves for all. */
const publishId = 2;

/** What the interpreter throws from connect(), in words for the display. */
function connectFailure(error: unknown): string {
  return String(error).includes('locate host') ? 'No such host: relay name' : 'The relay is not reachable';
}

/**
 * Dials the relay. CONNECT and SUBSCRIBE go out together, before the CONNACK [MQTT-3.1.4-5 allows it], so that
 * the retained messages are here one round trip after the socket is open.
 */
export function openLink(device: Device, on: LinkHandlers): Link {
  let socket: ChipSocket | undefined;
  let pinger: TimerId | undefined;
  let heard = true;
  let over = false;

  /** Lets go of the socket; nothing is reported from here on. */
  function drop(): void {
    over = true;
    if (pinger !== undefined) {
      chip.clearTimeout(pinger);
      pinger = undefined;
    }
    if (socket !== undefined) {
      try {
        socket.end();
      } catch {
        // It was closed already.
      }
      socket = undefined;
    }
  }

  function closed(why: string): void {
    if (!over) {
      drop();
      on.closed(why);
    }
  }

  function send(bytes: string): void {
    if (socket !== undefined) {
      try {
        socket.write(bytes);
      } catch {
        closed('Connection lost');
      }
    }
  }

  const mqtt = mqttClient({
    send,
    connected(returnCode) {
      if (returnCode !== 0 && !over) {
        drop();
        on.refused(returnCode);
      }
    },
    subscribed(allGranted) {
      if (over) {
        return;
      }
      if (allGranted) {
        on.connected();
      } else {
        drop();
        on.refused(128);
      }
    },
    // A PUBACK is not an acceptance; only the provisioner's status is.
    published() {},
    message(topic, payload) {
      if (!over) {
        on.message(topic, payload);
      }
    },
    pong() {},
    broken(why) {
      closed(`The relay sent a bad ${why}`);
    },
  });

  function ping(): void {
    if (!heard) {
      closed('Connection lost');
      return;
    }
    heard = false;
    mqtt.ping();
    if (!over) {
      pinger = chip.setTimeout(ping, pingEveryMs);
    }
  }

  try {
    socket = chip
      .require(device.relay.tls ? 'tls' : 'net')
      .connect({ host: device.relay.host, port: device.relay.port }, () => {
        mqtt.connect({
          clientId: device.button,
          username: device.button,
          password: device.relay.password,
          keepAliveS,
        });
        mqtt.subscribe(subscribeId, [statusTopic(device.button), beaconTopic(device.site)]);
      });
    socket.on('data', bytes => {
      heard = true;
      if (!over) {
        mqtt.receive(bytes);
      }
    });
    socket.on('error', () => closed('Connection lost'));
    socket.on('close', () => closed('The relay closed the connection'));
    pinger = chip.setTimeout(ping, pingEveryMs);
  } catch (error) {
    // The interpreter throws out of connect() for a dead host and for an unknown name. Told after the caller
    // has its Link, as every other event is.
    const why = connectFailure(error);
    chip.setTimeout(() => closed(why), 0);
  }

  return {
    publish(topic, payload, repeated) {
      mqtt.publish(topic, payload, publishId, repeated);
    },
    close() {
      if (!over) {
        mqtt.disconnect();
        drop();
      }
    },
  };
}
