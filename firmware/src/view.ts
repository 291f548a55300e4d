/** What a screen can say. The flow decides which view is shown, `screens.ts` draws it. */
import type { Code } from '../../protocol/src/messages.ts';

/** How far the way of a press has come, for the row of hop icons: radio, relay, lab. */
export type Hop = 'hotspot' | 'relay' | 'lab';

/** What every screen may show beside its own things. */
export interface Glance {
  /** Battery in millivolts, for the symbol in the corner; missing or 0 when it cannot be measured. */
  batteryMv?: number;
}

export type View = Glance & Screen;

export type Screen =
  /** Nothing is ordered. `detail` is what to do ("press to build"); `title` a large word, else "HELLO". */
  | { kind: 'idle'; button: string; detail: string; title?: string }
  /** On the way to the hop named; the hops before it are reached. */
  | { kind: 'connecting'; button: string; hop: Hop; detail: string }
  /** A cluster is on its way. `leftS` is an estimate in seconds, -1 when there is none. */
  | { kind: 'building'; cluster: string; phase: string; percent: number; leftS: number }
  /** The address of the control plane, and the lab's line about it: what it is, or when it is given back. */
  | { kind: 'ready'; cluster: string; address: string; note: string }
  /** A QR code: `bitmap` holds its rows without padding, most significant bit first; `text` stands beside it. */
  | { kind: 'qr'; side: number; bitmap: string; text: string }
  /** Which hop failed, in one line what happened and in one line what to do. */
  | { kind: 'error'; code: Code; line: string; advice: string };
