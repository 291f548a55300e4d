/** `dashbutton presses` from the question to the answer. */
import { SetupError } from '../../config/src/setup-error.ts';
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { readPlace } from '../../provisioner/src/operator/settings-place.ts';
import { historyOf } from './history.ts';
import { newestFirst, pressesHead, pressRow } from './list.ts';
import { pressesOf } from './source.ts';
import { headed, widthOf } from './table.ts';

export interface PressesOptions {
  config: string;
  json?: boolean;
}

/** @returns the lines for standard output. @throws SetupError when there is no such press or nobody to ask. */
export async function presses(
  options: PressesOptions,
  button: string | undefined,
  press: number | undefined,
  say: (line: string) => void,
): Promise<string[]> {
  const all = await pressesOf(readPlace(options.config).journal, say);
  const wanted = newestFirst(all).filter(
    record =>
      (button === undefined || record.button === button) && (press === undefined || record.press === press),
  );
  if (wanted.length === 0 && button !== undefined) throw noneOf(all, button, press);
  if (options.json === true) return wanted.map(record => JSON.stringify(record));
  const [one] = wanted;
  if (press !== undefined && one !== undefined)
    return historyOf(one, all, Date.now(), widthOf(process.stdout, process.env));
  if (wanted.length === 0) say('no press has been heard yet');
  return headed(
    pressesHead,
    wanted.map(record => pressRow(record, all, Date.now())),
    process.stdout,
  );
}

function noneOf(all: readonly PressRecord[], button: string, press: number | undefined): SetupError {
  const heard = [...new Set(all.map(record => record.button))].sort();
  if (heard.includes(button)) return new SetupError(`no press ${press} of ${button} has been heard`);
  const others = heard.length === 0 ? 'no button' : `only ${heard.join(', ')}`;
  return new SetupError(`no press of ${button} has been heard: ${others} so far`);
}
