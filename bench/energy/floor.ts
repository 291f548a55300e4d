/** The least that a press can take on this chip and board, whatever the firmware does. Pure. */
import type { Currents } from '../../simulator/power/currents.ts';
import type { Energy } from '../../simulator/power/model.ts';
import type { Part } from '../../simulator/power/states.ts';
import { durations } from '../../simulator/power/times.ts';

const msPerHour = 3_600_000;

/** CONNECT with its retained answers, then the press with its own. */
const roundTripsOfPress = 2;
const roundTripsOfLook = 1;

/**
 * Two contacts, the press and the one look that brings the address, each with its boot, its join and its dial; the same
 * pictures for as long as `ours` showed them; asleep for all the rest. In mAh.
 * @param isSwitched the display goes dark in deep sleep, so that the chip has to stay awake for a picture, as `ours` did.
 */
export function floorMah(ours: Energy, currents: Currents, isSwitched: boolean): number {
  const { bootMs, joinMs, openMs, roundTripMs } = durations;
  const { bootMa, joiningMa, onlineMa, deepSleepMa } = currents.chip;
  const contact = (roundTrips: number) =>
    bootMs.value * bootMa +
    joinMs.value * joiningMa +
    (openMs.value + roundTrips * roundTripMs.value) * onlineMa;
  const contacts = contact(roundTripsOfPress) + contact(roundTripsOfLook);
  const rest = (deepSleepMa + currents.restMa) * ours.durationMs;
  const part = (name: Part) => ours.parts.get(name)?.mAh ?? 0;
  const pictures = part('display') + (isSwitched ? part('awake') + part('light sleep') : 0);
  return (contacts + rest) / msPerHour + pictures;
}
