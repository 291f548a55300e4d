/**
 * A battery reading that fits this very board: two voltages at the cell, measured with a meter, and the two that the
 * button told. Resistors and converters are some per cent off, and the converter begins above 0 V.
 */
import { SetupError } from '../../config/src/setup-error.ts';
import { type BoardPins, boardNamed } from '../../firmware/src/boards.ts';
import { noPin } from '../../firmware/src/hal.ts';
import type { DeviceFile } from './device-file.ts';

export type Battery = NonNullable<DeviceFile['battery']>;

/** What a LiPo cell can have, in volts; a meter set wrong, or millivolts, lies outside. */
const cell = { least: 2.5, most: 4.5 };

/** Closer together, the 0.01 V in which both are read would weigh too much (volts). */
const leastApart = 0.3;

/** Resistors and converter are off by less: beyond this (a part of the ratio, millivolts) something was read wrong. */
const ratioSlack = 0.2;
const offsets = { least: -100, most: 400 };

const form =
  'expected <meter>=<button>,<meter>=<button> in volts, for example 3.52=3.41,4.12=3.98 (docs/hardware.md)';

interface Point {
  /** At the cell, and as the button told it, in volts. */
  meter: number;
  told: number;
}

/**
 * The calibration that two points make.
 * @param text `meter=told,meter=told`, in volts.
 * @param old what the button told them with, when that was not its row in the board table.
 * @throws SetupError when they cannot be right.
 */
export function calibrate(text: string, boardName: string, old: Battery | undefined): Battery | undefined {
  const board = boardNamed(boardName);
  // That there is no such board is said elsewhere.
  if (board === undefined) return undefined;
  if (board.battery === noPin) {
    throw new SetupError(`--battery: the board ${boardName} cannot measure its battery`);
  }
  const [low, high] = pointsIn(text);
  const before = old ?? rowOf(board);
  // Back to what the converter gave, in millivolts at the pin.
  const raw = ({ told }: Point) => (told * 1000) / before.ratio - before.offsetMv;
  const ratio = ((high.meter - low.meter) * 1000) / (raw(high) - raw(low));
  const offsetMv = Math.round((low.meter * 1000) / ratio - raw(low));
  const row = rowOf(board).ratio;
  if (!(Math.abs(ratio / row - 1) <= ratioSlack) || offsetMv < offsets.least || offsetMv > offsets.most) {
    throw new SetupError(
      `--battery ${text}: that makes a ratio of ${ratio.toFixed(2)} and an offset of ${offsetMv} mV, expected some ${row} and ${rowOf(board).offsetMv}: measure both again (first the meter, then the button)`,
    );
  }
  return { ratio: Math.round(ratio * 10_000) / 10_000, offsetMv };
}

function rowOf(board: BoardPins): Battery {
  return { ratio: board.batteryRatio, offsetMv: board.batteryOffsetMv };
}

/** The lower one first. */
function pointsIn(text: string): [Point, Point] {
  const points = text.split(',').map(part => {
    const [, meter, told] = /^\s*(\d(?:\.\d+)?)\s*=\s*(\d(?:\.\d+)?)\s*$/.exec(part) ?? [];
    return { meter: Number(meter), told: Number(told) };
  });
  const [low, high, more] = points.sort((a, b) => a.meter - b.meter);
  const isVoltage = ({ meter, told }: Point) => meter >= cell.least && meter <= cell.most && told > 0;
  if (low === undefined || high === undefined || more !== undefined || !points.every(isVoltage)) {
    throw new SetupError(`--battery ${text}: ${form}`);
  }
  if (high.meter - low.meter < leastApart) {
    throw new SetupError(
      `--battery ${text}: the two lie ${(high.meter - low.meter).toFixed(2)} V apart, at least ${leastApart} are needed: once nearly full, once nearly empty`,
    );
  }
  return [low, high];
}
