/**
 * What the bench calculated last, in a file beside it, so that README can be held to it without an hour of virtual time:
 * one test compares README with the file, another one calculates a row of it anew.
 */
import { readFileSync } from 'node:fs';
import type { BoardName } from '../../simulator/power/currents.ts';
import type { Comparison } from './compare.ts';
import type { WarningCost } from './warning.ts';

export const figuresFile = new URL('./figures.json', import.meta.url);

export interface Row {
  buildS: number;
  /** mAh. */
  original: number;
  ours: number;
  /** How many times less ours takes: as 2019 shows its address for as long, or for its own 30 s; if radios doze; if no core idles; at best. */
  ratio: number;
  strictRatio: number;
  dozingRatio: number;
  busiestRatio: number;
  floorRatio: number;
}

/** One board with one interpreter. */
export interface BoardFigures {
  board: string;
  asleepLike: BoardName;
  lightSleep: boolean;
  rows: Row[];
  warning: WarningCost;
  /** In the drawer, as a press has left it (mA). */
  standbyMa: number;
}

export type Figures = BoardFigures[];

/** So exact as it is written down: three digits after the point. */
const rounded = (value: number) => Math.round(value * 1000) / 1000;

export function rowOf(comparison: Comparison): Row {
  const { buildS, ratio, strictRatio, dozingRatio, floorRatio } = comparison;
  return {
    buildS,
    original: rounded(comparison.original.mAh),
    ours: rounded(comparison.ours.mAh),
    ratio: rounded(ratio),
    strictRatio: rounded(strictRatio),
    dozingRatio: rounded(dozingRatio),
    busiestRatio: rounded(comparison.busiestRatio),
    floorRatio: rounded(floorRatio),
  };
}

export function warningOf(cost: WarningCost): WarningCost {
  const { waitingMahPerHour, lookMah, shownMah } = cost;
  return {
    waitingMahPerHour: rounded(waitingMahPerHour),
    lookMah: rounded(lookMah),
    shownMah: rounded(shownMah),
  };
}

export function readFigures(): Figures {
  return JSON.parse(readFileSync(figuresFile, 'utf8'));
}

export function figuresText(figures: Figures): string {
  return `${JSON.stringify(figures, undefined, 2)}\n`;
}

/** In 2v29, on a board that sleeps like that one. */
export function figuresFor(figures: Figures, asleepLike: BoardName, lightSleep = false): BoardFigures {
  const found = figures.find(each => each.asleepLike === asleepLike && each.lightSleep === lightSleep);
  if (!found)
    throw new Error(`${figuresFile.pathname} has no ${asleepLike}: npm run bench:energy -- --write`);
  return found;
}
