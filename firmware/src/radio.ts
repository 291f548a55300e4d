/** Wi-Fi and relay as one thing that is joined, dialled and switched off. Chip's dialect. */
import type { Action } from '../../protocol/src/messages.ts';
import { pressTopic } from '../../protocol/src/topics.ts';
import type { Device, Network } from './device.ts';
import type { Event } from './flow/flow.ts';
import { chip } from './hal.ts';
import { type Link, openLink } from './link.ts';
import { write } from './messages.ts';

declare const __VERSION__: string;

/** What a press tells besides its wish; see the protocol's Press. */
export interface Vitals {
  batteryMv: number;
  bootMs: number;
}

export interface Radio {
  /** Joins that known network; the event `joined` or `notJoined` may follow, or nothing at all. */
  join(ssid: string): void;
  /** Opens the relay's socket. */
  dial(): void;
  press(press: number, action: Action, time: number, repeated: boolean): void;
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
    join(ssid) {
      joins++;
      const mine = joins;
      const startedAt = chip.getTime();
      const known = device.wifi.find(network => network.ssid === ssid) as Network;
      wifi.connect(ssid, { password: known.password }, error => {
        // A late answer to a join that was given up is nobody's event.
        if (mine === joins) {
          joinedAt = chip.getTime();
          wifiMs = msSince(startedAt);
          tell(error ? { on: 'notJoined' } : { on: 'joined' });
        }
      });
    },
    dial() {
      link = openLink(device, tell);
    },
    press(press, action, time, repeated) {
      const payload = write(device, {
        press,
        action,
        time,
        batteryMv: vitals.batteryMv,
        rssiDbm: 0, // 2v29 does not tell it on the ESP32; a scan for it would cost seconds of radio
        firmware: __VERSION__,
        bootMs: vitals.bootMs,
        wifiMs,
        relayMs: msSince(joinedAt),
      });
      link?.publish(pressTopic(device.button), payload, repeated);
    },
    off() {
      joins++;
      link?.close();
      link = undefined;
      wifi.disconnect();
    },
  };
}
