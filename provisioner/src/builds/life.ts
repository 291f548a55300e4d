/** How long one cluster has left. Pure: who has it says what the clocks show. */
import type { PressRecord } from '../journal/records.ts';

/** A week: no time to live is longer (milliseconds). */
const longestMs = 604_800_000;

/** A wrong clock at boot is set right by NTP within this (milliseconds of running). */
const bootMs = 900_000;

/** As `warnedForMs`: its warning was served, however long that is. */
export const servedMs = longestMs;

export class Life {
  /** What is left, in milliseconds of running; 0 or less: its time is over. */
  leftMs: number;
  /** How long ago it was warned, in milliseconds of running. */
  warnedForMs: number;
  /** The end that the journal has: in milliseconds since 1970, by the clock of when it was written. */
  written: number;
  /** At the first look: the journal's end, and whether it was over by then. */
  readonly #firstEnd: number;
  readonly #wasOver: boolean;
  readonly #mostMs: number;
  #ranMs: number;

  /** @param record with `expiresAt`; @param nowMs and `ranMs`: what the clocks show. */
  constructor(record: PressRecord, timeToLiveS: number | undefined, nowMs: number, ranMs: number) {
    const end = record.expiresAt ?? 0;
    this.#mostMs = timeToLiveS === undefined ? longestMs : timeToLiveS * 1000;
    this.leftMs = this.#within(end - nowMs);
    this.warnedForMs = record.warnedForMs ?? 0;
    this.written = end;
    this.#firstEnd = end;
    this.#wasOver = end <= nowMs;
    this.#ranMs = ranMs;
  }

  /** Time has passed. @param warnBeforeMs that much has to pass after its warning; undefined when it was not warned. */
  live(ranMs: number, warnBeforeMs: number | undefined): void {
    const passedMs = ranMs - this.#ranMs;
    this.#ranMs = ranMs;
    this.leftMs -= passedMs;
    if (warnBeforeMs === undefined) return;
    this.warnedForMs += passedMs;
    this.atLeast(warnBeforeMs - this.warnedForMs);
  }

  /** This is in the journal now. */
  wrote(record: PressRecord | undefined): void {
    this.written = record?.expiresAt ?? this.written;
  }

  atLeast(ms: number): void {
    this.leftMs = Math.max(this.leftMs, ms);
  }

  /**
   * The wall's clock has been set. When that was soon after the start, or the journal's end seemed to be over at the
   * first look, the old time may have been wrong: the longer of the two counts.
   */
  jumped(nowMs: number, sinceStartMs: number): void {
    if (sinceStartMs < bootMs || this.#wasOver) this.atLeast(this.#within(this.#firstEnd - nowMs));
  }

  #within(ms: number): number {
    return Math.min(this.#mostMs, Math.max(0, ms));
  }
}
