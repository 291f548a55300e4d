/** Presses, one line each. Pure. */
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { howLong, when } from './table.ts';

export const pressesHead = ['BUTTON', 'PRESS', 'WHEN', 'STEP', 'CLUSTER', 'TOOK', 'ADDRESS'] as const;

/** Newest first. */
export function newestFirst(presses: readonly PressRecord[]): PressRecord[] {
  return [...presses].sort((a, b) => b.acceptedAt - a.acceptedAt || b.press - a.press);
}

/** @param all every press: one may be about another's cluster. @param nowMs for what is under way. */
export function pressRow(record: PressRecord, all: readonly PressRecord[], nowMs: number): string[] {
  const { button, press, acceptedAt } = record;
  const about = record.of === undefined ? record : findPress(all, button, record.of);
  return [
    button,
    String(press),
    when(acceptedAt),
    whatOf(record, about),
    about?.cluster || '-',
    tookOf(record, nowMs),
    endOf(record),
  ];
}

export function findPress(
  all: readonly PressRecord[],
  button: string,
  press: number,
): PressRecord | undefined {
  return all.find(record => record.button === button && record.press === press);
}

/** What the press was for, as far as that is another one's cluster, or its own step. */
function whatOf({ press, step, of }: PressRecord, about: PressRecord | undefined): string {
  if (of === undefined) return step;
  const word = about?.release?.press === press ? 'release' : 'show';
  return step === 'failed' ? `${word} failed` : word;
}

/** Until its cluster was there, or it was clear that there will be none. */
function tookOf({ acceptedAt, endedAt, cluster }: PressRecord, nowMs: number): string {
  if (cluster === '') return '-';
  return endedAt === undefined ? `${howLong(nowMs - acceptedAt)} ..` : howLong(endedAt - acceptedAt);
}

function endOf({ step, address, line, percent }: PressRecord): string {
  if (line !== undefined) return line;
  return address ?? (step === 'joined' ? '-' : `${percent} %`);
}
