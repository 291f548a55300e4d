/** A simulated board as a button is made of it: the wires of the firmware's own table, and what `flash` leaves behind. */
import { boardNamed } from '../../firmware/src/boards.ts';
import { noPin } from '../../firmware/src/hal.ts';
import { type BoardOptions, flashed } from './options.ts';

/**
 * What a flashed board of that row is made of: its pins, its divider, a display of 64 rows, no Bluetooth.
 * @throws Error when the firmware knows no such board.
 */
export function wiringOf(
  name: string,
): Pick<BoardOptions, 'pins' | 'batteryDivider' | 'display' | 'bluetooth'> {
  const row = boardNamed(name);
  if (row === undefined) throw new Error(`the firmware knows no board ${name}`);
  const pin = (number: number) => (number === noPin ? null : number);
  const { button, sda, scl } = row;
  return {
    pins: { button, sda, scl, reset: pin(row.oledReset), vext: pin(row.vext), battery: pin(row.battery) },
    batteryDivider: row.batteryRatio,
    display: { height: 64 },
    ...flashed,
  };
}
