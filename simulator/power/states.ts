/** What a button is doing between two entries of its trace, and what that draws. Pure. */
import type { TraceEntry } from '../board/trace.ts';
import type { Currents } from './currents.ts';

/** Where the charge goes. From `joining` to `radio idle` it is all of the chip while its radio is on. */
export type Part =
  | 'boot'
  | 'awake'
  | 'joining'
  | 'dialing'
  | 'online'
  | 'radio idle'
  | 'light sleep'
  | 'deep sleep'
  | 'leak'
  | 'display'
  | 'rest of the board';

export interface Doing {
  chip: 'off' | 'boot' | 'awake' | 'light sleep' | 'deep sleep';
  /** `idle`: started, with no network. It draws from its start until deep sleep. */
  radio: 'off' | 'joining' | 'online' | 'idle';
  /** The interpreter waits inside of a dial or of a question for a name until then; 0: it does not. */
  blockedUntilMs: number;
  /** Asleep, a pull works against a resistor. */
  leaks: boolean;
  display: { supplied: boolean; on: boolean; lit: number; contrast: number };
}

/** Before the battery is connected. */
export const nothing: Doing = {
  chip: 'off',
  radio: 'off',
  blockedUntilMs: 0,
  leaks: false,
  display: { supplied: false, on: false, lit: 0, contrast: 0 },
};

/** A failed join leaves the radio on. */
const radios = {
  off: 'off',
  joining: 'joining',
  scanning: 'joining',
  joined: 'online',
  failed: 'idle',
  scanned: 'idle',
  idle: 'idle',
  accessPoint: 'idle',
} as const;

/** What it does after this entry. */
export function after(doing: Doing, entry: TraceEntry): Doing {
  switch (entry.what) {
    case 'boot':
      return { ...doing, chip: entry.program === 'starting' ? 'boot' : 'awake', leaks: false };
    case 'sleep': {
      const chip = entry.kind === 'off' ? 'off' : 'deep sleep';
      return { ...doing, chip, radio: 'off', blockedUntilMs: 0, leaks: entry.leaks ?? false };
    }
    case 'lightSleep':
      return { ...doing, chip: 'light sleep' };
    case 'lightWake':
      return { ...doing, chip: 'awake' };
    case 'wifi':
      return { ...doing, radio: radios[entry.state] };
    case 'blocked':
      return entry.by === 'flash' ? doing : { ...doing, blockedUntilMs: entry.atMs + entry.durationMs };
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

/** What each part draws at that time, in mA. */
export function draws(doing: Doing, currents: Currents, atMs: number): Partial<Record<Part, number>> {
  if (doing.chip === 'off') return {};
  return {
    ...chipDraws(doing, currents, atMs),
    ...(doing.leaks && { leak: currents.chip.leakMa }),
    display: displayMa(doing, currents),
    'rest of the board': currents.restMa,
  };
}

function chipDraws(doing: Doing, { chip: c }: Currents, atMs: number): Partial<Record<Part, number>> {
  const { chip, radio, blockedUntilMs } = doing;
  if (radio === 'joining') return { joining: c.joiningMa };
  if (radio === 'online') return atMs < blockedUntilMs ? { dialing: c.onlineMa } : { online: c.onlineMa };
  if (radio === 'idle') return { 'radio idle': c.radioIdleMa };
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
