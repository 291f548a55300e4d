/** What a button is doing between two entries of its trace, and what that draws. Pure. */
import type { TraceEntry } from '../board/trace.ts';
import type { Currents } from './currents.ts';

/** Where the charge goes. `radio` is all of the chip while its radio is on. */
export type Part =
  | 'boot'
  | 'awake'
  | 'joining'
  | 'online'
  | 'light sleep'
  | 'deep sleep'
  | 'display'
  | 'rest of the board';

export interface Doing {
  chip: 'off' | 'boot' | 'awake' | 'light sleep' | 'deep sleep';
  radio: 'off' | 'joining' | 'online';
  display: { supplied: boolean; on: boolean; lit: number; contrast: number };
}

/** Before the battery is connected. */
export const nothing: Doing = {
  chip: 'off',
  radio: 'off',
  display: { supplied: false, on: false, lit: 0, contrast: 0 },
};

/** What it does after this entry. */
export function after(doing: Doing, entry: TraceEntry): Doing {
  switch (entry.what) {
    case 'boot':
      return { ...doing, chip: entry.program === 'starting' ? 'boot' : 'awake' };
    case 'sleep':
      return { ...doing, chip: entry.kind === 'off' ? 'off' : 'deep sleep', radio: 'off' };
    case 'lightSleep':
      return { ...doing, chip: 'light sleep' };
    case 'lightWake':
      return { ...doing, chip: 'awake' };
    case 'wifi':
      return { ...doing, radio: radioAfter(entry.state) };
    case 'supply':
      return { ...doing, display: { ...doing.display, supplied: entry.on } };
    case 'pixels': {
      const { on, lit, contrast } = entry;
      return { ...doing, display: { ...doing.display, on, lit, contrast } };
    }
    default:
      return doing;
  }
}

/** After a failed join the radio stays on until the trace says off. */
function radioAfter(state: Extract<TraceEntry, { what: 'wifi' }>['state']): Doing['radio'] {
  if (state === 'off') return 'off';
  return state === 'joined' || state === 'scanned' ? 'online' : 'joining';
}

/** What each part draws, in mA. */
export function draws(doing: Doing, currents: Currents): Partial<Record<Part, number>> {
  if (doing.chip === 'off') return {};
  return {
    ...chipDraws(doing, currents),
    display: displayMa(doing, currents),
    'rest of the board': currents.restMa,
  };
}

function chipDraws({ chip, radio }: Doing, { chip: c }: Currents): Partial<Record<Part, number>> {
  if (radio === 'joining') return { joining: c.joiningMa };
  if (radio === 'online') return { online: c.onlineMa };
  switch (chip) {
    case 'boot':
      return { boot: c.bootMa };
    case 'awake':
      return { awake: c.awakeMa };
    case 'light sleep':
      return { 'light sleep': c.lightSleepMa };
    default:
      return { 'deep sleep': c.deepSleepMa };
  }
}

function displayMa({ display }: Doing, { display: c }: Currents): number {
  if (!display.supplied) return 0;
  if (!display.on) return c.offMa;
  return c.darkMa + c.allLitMa * (display.lit / c.pixels) * (display.contrast / c.contrast);
}
