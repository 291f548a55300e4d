/** Wi-Fi and relay as one thing that is joined, dialled and switched off. Chip's dialect. */
import type { Action } from '../../protocol/src/messages.ts';
import { pressTopic } from '../../protocol/src/topics.ts';
import { type Device, passwordOf, relayAt } from './device.ts';
import type { Event, JoinProblem } from './flow/flow.ts';
import { chip } from './hal.ts';
import { joinPollMs, leaveMs } from './limits.ts';
import { type Link, openLink } from './link.ts';
import { write } from './messages.ts';

declare const __VERSION__: string;

/** What a press tells besides its request; see the protocol's Press. */
export interface Vitals {
  batteryMv: number;
  bootMs: number;
}

export interface Radio {
  /** Joins that known network; the event `joined` or `notJoined` may follow, or nothing at all. It stays joined until {@link leave}. */
  join(ssid: string): void;
  /** Opens the socket of that relay, and hangs up at the one before. */
  dial(relay: number): void;
  press(press: number, action: Action, time: number, repeated: boolean): void;
  /** Hangs up. The network stays: the radio cannot be switched off but by deep sleep, and a second join may fail. */
  off(): void;
  /** Before deep sleep: leaves the network, which makes the next join faster, and goes on when that has left the chip. */
  leave(then: () => void): void;
}

/** Milliseconds since a time of getTime(). */
export function msSince(time: number): number {
  return Math.round((chip.getTime() - time) * 1000);
}

/** What the chip says of a join that failed (esp_wifi_types.h), as far as it helps whoever holds the button. */
function problemOf(reason: string): JoinProblem {
  return reason === '201' ? 'absent' : ['15', '202', '204'].includes(reason) ? 'key' : 'refused';
}

/** Everything that the radio hears is told as an event of the flow. */
export function makeRadio(device: Device, vitals: Vitals, tell: (event: Event) => void): Radio {
  const wifi = chip.require('Wifi');
  let link: Link | undefined;
  /** The network that is being joined, then the one that is joined; empty when there is none. */
  let network = '';
  let isJoining = false;
  /** What was begun before it changed is over. */
  let joins = 0;
  let startedAt = 0;
  let wifiMs = 0;
  let joinedAt = 0;

  function hasAddress(): boolean {
    return wifi.getIP().ip !== '0.0.0.0';
  }

  function joined(mine: number): void {
    // A late answer to a join that was given up is nobody's event.
    if (mine === joins && isJoining) {
      isJoining = false;
      joinedAt = chip.getTime();
      wifiMs = msSince(startedAt);
      tell({ on: 'joined' });
    }
  }

  /** The chip's own task that tells may hang (its mDNS, from the second address on), so the address is asked for. */
  function pollAddress(mine: number): void {
    if (mine === joins && isJoining) {
      if (hasAddress()) {
        joined(mine);
      } else {
        chip.setTimeout(() => pollAddress(mine), joinPollMs);
      }
    }
  }

  wifi.on('disconnected', why => {
    // Our own leaving is 8.
    if (isJoining && why.reason !== '8') {
      isJoining = false;
      tell({ on: 'notJoined', problem: problemOf(why.reason) });
    }
  });

  return {
    join(ssid) {
      const mine = ++joins;
      // Joined still, from before this nap: a second join in one waking may never be told.
      const isThere = network === ssid && hasAddress();
      startedAt = chip.getTime();
      network = ssid;
      isJoining = true;
      if (!isThere) {
        wifi.connect(ssid, { password: passwordOf(ssid) }, error => {
          // Where a failure is told here too, the event has told it.
          if (!error) {
            joined(mine);
          }
        });
      }
      chip.setTimeout(() => pollAddress(mine), isThere ? 1 : joinPollMs);
    },
    dial(relay) {
      const mine = ++joins;
      // The interpreter frees a socket in its idle loop: two with TLS at a time would not fit.
      const waitMs = link ? leaveMs : 0;
      link?.close();
      chip.setTimeout(() => {
        if (mine === joins) {
          link = openLink(device, relayAt(relay), tell);
        }
      }, waitMs);
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
      isJoining = false;
      link?.close();
      link = undefined;
    },
    leave(then) {
      if (network === '') {
        then();
        return;
      }
      // What was said last leaves in the interpreter's idle loop; then the access point has to hear that we go.
      chip.setTimeout(() => {
        wifi.disconnect();
        network = '';
        chip.setTimeout(then, leaveMs);
      }, leaveMs);
    },
  };
}
