/** Wi-Fi and relay as one thing that is joined, dialled and switched off. Chip's dialect. */
import { pressTopic } from '../../protocol/src/topics.ts';
import type { Device } from './device.ts';
import type { Event } from './flow.ts';
import { chip } from './hal.ts';
import { type Link, openLink } from './link.ts';
import { read, write } from './messages.ts';

declare const __VERSION__: string;

/** What a press tells besides its wish; see the protocol's Press. */
export interface Vitals {
  batteryMv: number;
  bootMs: number;
}

export interface Radio {
  /** Joins the known network of that number; the event `joined` or `notJoined` may follow, or nothing at all. */
  join(network: number): void;
  /** Opens the relay's socket. */
  dial(): void;
  press(press: number, time: number, repeated: boolean): void;
  /** Hangs up and leaves the network: disassociating makes the next join faster. */
  off(): void;
}

/** Milliseconds since a time of getTime(). */
export function msSince(time: number): number {
  return Math.round((chip.getTime() - time) * 1000);
}

/** Everything that the radio hears is told as an event of the flow. */
export function makeRadio(device: Device, vitals: Vitals, tell: (event: Event) => void): Radio {
  const wifi = chip.require('Wifi');
  let link: Link | undefined;
  let joins = 0;
  let wifiMs = 0;
  let joinedAt = 0;

  return {
    join(network) {
      joins++;
      const mine = joins;
      const startedAt = chip.getTime();
      const known = device.wifi[network];
      if (known === undefined) {
        return;
      }
      wifi.connect(known.ssid, { password: known.password }, error => {
        // A late answer to a join that was given up is nobody's event.
        if (mine === joins) {
          joinedAt = chip.getTime();
          wifiMs = msSince(startedAt);
          tell(error ? { on: 'notJoined' } : { on: 'joined' });
        }
      });
    },
    dial() {
      link = openLink(device, {
        connected: () => tell({ on: 'connected' }),
        refused: returnCode => tell({ on: 'refused', returnCode }),
        closed: why => tell({ on: 'closed', why }),
        message(topic, payload) {
          const event = read(device, topic, payload);
          if (event !== undefined) {
            tell(event);
          }
        },
      });
    },
    press(press, time, repeated) {
      const rssi = wifi.getDetails().rssi;
      const payload = write(device, {
        press,
        action: 'create',
        time,
        batteryMv: vitals.batteryMv,
        rssiDbm: typeof rssi === 'number' && rssi < 0 ? rssi : 0,
        firmware: __VERSION__,
        bootMs: vitals.bootMs,
        wifiMs,
        relayMs: msSince(joinedAt),
      });
      if (link !== undefined) {
        link.publish(pressTopic(device.button), payload, repeated);
      }
    },
    off() {
      joins++;
      if (link !== undefined) {
        link.close();
        link = undefined;
      }
      wifi.disconnect();
    },
  };
}
