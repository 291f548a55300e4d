/** One connection to the relay: socket, MQTT, keep-alive. Made anew for every dial. Chip's dialect. */
import { beaconTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Device } from './device.ts';
import type { Event } from './flow/flow.ts';
import { type ChipSocket, chip, type TimerId } from './hal.ts';
import { keepAliveS, pingEveryMs } from './limits.ts';
import { read } from './messages.ts';
import { mqttClient } from './mqtt.ts';

export interface Link {
  /** QoS 1, not retained. Dropped without a word when the connection is gone: the event `closed` tells. */
  publish(topic: string, payload: string, repeated: boolean): void;
  /** Nothing is told from here on. */
  close(): void;
}

const subscribeId = 1;
/** One message is on its way at a time, so one packet identifier serves for all. */
const publishId = 2;

/**
 * Dials the relay. CONNECT and SUBSCRIBE go out together, before the CONNACK [MQTT-3.1.4-5 allows it], so that
 * the retained messages are here one round trip after the socket is open.
 * @param tell gets `connected` (CONNACK and SUBACK are good) or `refused`, then what is heard, and `closed` at
 * most once and last.
 */
export function openLink(device: Device, tell: (event: Event) => void): Link {
  let socket: ChipSocket | undefined;
  let pinger: TimerId | undefined;
  let heard = true;
  let over = false;

  /** Lets go of the socket, and then tells why; nothing is told after that. */
  function end(event?: Event): void {
    if (over) {
      return;
    }
    over = true;
    if (pinger !== undefined) {
      chip.clearTimeout(pinger);
    }
    try {
      socket?.end();
    } catch {
      // It was closed already.
    }
    if (event !== undefined) {
      tell(event);
    }
  }

  function closed(why: string): void {
    end({ on: 'closed', why });
  }

  const mqtt = mqttClient({
    send(bytes) {
      try {
        socket?.write(bytes);
      } catch {
        closed('Connection lost');
      }
    },
    connected(returnCode) {
      if (returnCode !== 0) {
        end({ on: 'refused', returnCode });
      }
    },
    subscribed(allGranted) {
      if (!allGranted) {
        end({ on: 'refused', returnCode: 128 });
      } else if (!over) {
        tell({ on: 'connected' });
      }
    },
    message(topic, payload) {
      const event = over ? undefined : read(device, topic, payload);
      if (event !== undefined) {
        tell(event);
      }
    },
    broken: () => closed('That is no relay'),
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
        // A clean session: what matters is retained, and a missed press is repeated by its number.
        mqtt.connect({ name: device.button, password: device.relay.password, keepAliveS, clean: true });
        mqtt.subscribe(subscribeId, [statusTopic(device.button), beaconTopic(device.site)]);
      });
    socket.on('data', bytes => {
      heard = true;
      if (!over) {
        mqtt.receive(bytes);
      }
    });
    socket.on('error', () => closed('Connection lost'));
    socket.on('close', () => closed('The relay hung up'));
    pinger = chip.setTimeout(ping, pingEveryMs);
  } catch (error) {
    // The interpreter throws out of connect() for a dead host and for an unknown name. Told after the caller
    // has its Link, as every other event is.
    const why = String(error).includes('locate') ? 'No such host' : 'The relay is not there';
    chip.setTimeout(() => closed(why), 0);
  }

  return {
    publish(topic, payload, repeated) {
      mqtt.publish(topic, payload, publishId, repeated);
    },
    close() {
      if (!over) {
        mqtt.disconnect();
        end();
      }
    },
  };
}
