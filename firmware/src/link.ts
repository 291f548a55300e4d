/** One connection to the relay: socket, MQTT, keep-alive. Made anew for every dial. Chip's dialect. */
import { beaconTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Device, RelayAddress } from './device.ts';
import type { Event } from './flow/flow.ts';
import { type ChipSocket, chip, type TimerId } from './hal.ts';
import { keepAliveS, pingEveryMs, subscribeAgainMs } from './limits.ts';
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
export function openLink(device: Device, relay: RelayAddress, tell: (event: Event) => void): Link {
  let socket: ChipSocket | undefined;
  let pinger: TimerId | undefined;
  let heard = true;
  let heardAny = false;
  let portal = false;
  let over = false;
  let askedAgain = false;
  /** Nobody wants to know any more. */
  let silent = false;

  /** In a turn of its own: what the turn before has held is forgotten by then, and its variables are free for what follows. */
  function next(work: () => void): void {
    chip.setTimeout(() => {
      if (!silent) {
        work();
      }
    }, 0);
  }

  /** Read in one turn, when the packet is forgotten, and told in another, when the text is. So nothing overtakes anything. */
  function tellLater(event: () => Event | undefined): void {
    next(() => {
      const read = event();
      if (read !== undefined) {
        next(() => tell(read));
      }
    });
  }

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
      tellLater(() => event);
    }
  }

  function closed(why: string): void {
    end({ on: 'closed', code: 'RELAY', why });
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
      if (!allGranted && !askedAgain) {
        // A broker that elects a leader, or reads its users, refuses in passing.
        askedAgain = true;
        chip.setTimeout(subscribe, subscribeAgainMs);
      } else if (!allGranted) {
        end({ on: 'refused', returnCode: 128 });
      } else if (!over) {
        tellLater(() => ({ on: 'connected' }));
      }
    },
    message(topic, payload) {
      if (!over) {
        tellLater(() => read(device, topic, payload));
      }
    },
    broken: () =>
      // That is the network's doing, and another network helps.
      portal
        ? end({ on: 'closed', code: 'HOTSPOT', why: 'This network wants a sign-in' })
        : closed('That is no relay'),
  });

  function subscribe(): void {
    mqtt.subscribe(subscribeId, [statusTopic(device.button), beaconTopic(device.site)]);
  }

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
    socket = chip.require(relay.tls ? 'tls' : 'net').connect({ host: relay.host, port: relay.port }, () => {
      // A clean session: what matters is retained, and a missed press is repeated by its number.
      mqtt.connect({ name: device.button, password: relay.password, keepAliveS, clean: true });
      subscribe();
    });
    socket.on('data', bytes => {
      // A sign-in page answers everything with HTTP, whatever the question was.
      portal = portal || (!heardAny && bytes.charAt(0) === 'H');
      heardAny = true;
      heard = true;
      if (!over) {
        mqtt.receive(bytes);
      }
    });
    socket.on('error', () => closed('Connection lost'));
    socket.on('close', () => closed(heardAny ? 'The relay hung up' : 'Hung up: a sign-in page?'));
    pinger = chip.setTimeout(ping, pingEveryMs);
  } catch (error) {
    // The interpreter throws out of connect() for a dead host and for an unknown name.
    closed(String(error).includes('locate') ? 'No such host' : 'The relay is not there');
  }

  return {
    publish(topic, payload, repeated) {
      mqtt.publish(topic, payload, publishId, repeated);
    },
    close() {
      silent = true;
      if (!over) {
        mqtt.disconnect();
        end();
      }
    },
  };
}
