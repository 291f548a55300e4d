/** One press from the finger to the end of its cluster. Pure. */
import { type PressRecord, stands } from '../../provisioner/src/journal/records.ts';
import { findPress } from './list.ts';
import { howLong, table, when } from './table.ts';

const indent = '  ';

/** @param width of the terminal, in characters. */
export function historyOf(
  record: PressRecord,
  all: readonly PressRecord[],
  nowMs: number,
  width: number,
): string[] {
  const inside = width - indent.length;
  const rows = [...table(factsOf(record, all, nowMs), inside), ...table(stepsOf(record, nowMs), inside)];
  return [`${record.button} press ${record.press}`, ...rows.map(row => `${indent}${row}`)];
}

function factsOf(record: PressRecord, all: readonly PressRecord[], nowMs: number): string[][] {
  const { cluster, profile, range, id, address, server, line, of, expiresAt, told } = record;
  const rows: [string, string | undefined][] = [
    ['cluster', cluster || undefined],
    [
      'about',
      of === undefined
        ? undefined
        : `press ${of}, cluster ${findPress(all, record.button, of)?.cluster ?? '?'}`,
    ],
    ['profile', profile],
    ['range', range],
    ['id', id],
    ['address', address],
    ['server', server],
    ['reason', line],
    ['expires', expiresAt === undefined ? undefined : expiryOf(record, expiresAt, nowMs)],
    ['release', releaseOf(record, nowMs)],
    ['clean-up', cleanUpOf(record, nowMs)],
    ['button', `${(told.batteryMv / 1000).toFixed(2)} V, ${told.rssiDbm} dBm, firmware ${told.firmware}`],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function expiryOf({ step }: PressRecord, expiresAt: number, nowMs: number): string {
  if (step !== 'ready') return when(expiresAt);
  return `${when(expiresAt)}, ${expiresAt > nowMs ? `in ${howLong(expiresAt - nowMs)}` : 'over'}`;
}

const askerWords = { button: 'its button', operator: 'an operator', time: 'its time to live' } as const;

function releaseOf({ release }: PressRecord, nowMs: number): string | undefined {
  if (release === undefined) return undefined;
  const { by, press, askedAt, endedAt, percent } = release;
  const who = press === 0 ? askerWords[by] : `${askerWords[by]}, press ${press}`;
  const how =
    endedAt === undefined
      ? `under way since ${howLong(nowMs - askedAt)}, ${percent} %`
      : `done in ${howLong(endedAt - askedAt)}`;
  return `by ${who} at ${when(askedAt)}, ${how}`;
}

/** What a failed build has left, and why it is still there. */
export function cleanUpOf(record: PressRecord, nowMs: number): string | undefined {
  const { cleanUp, cluster } = record;
  if (cleanUp === undefined) return undefined;
  const { since, endedAt, trouble, givenUp } = cleanUp;
  if (endedAt !== undefined)
    return `nothing is left since ${when(endedAt)}, after ${howLong(endedAt - since)}`;
  const why = trouble === undefined ? '' : `: ${trouble}`;
  if (givenUp === undefined) return `tried for ${howLong(nowMs - since)}${why}`;
  if (record.recovered === true) return `left to you: dashbutton release ${cluster} removes it${why}`;
  return `given up (remove it by hand, then: dashbutton release ${cluster})${why}`;
}

/** Each step, when it was taken, and how long it lasted. */
function stepsOf(record: PressRecord, nowMs: number): string[][] {
  const { history } = record;
  return history.map(({ step, at }, i): string[] => {
    const next = history[i + 1]?.at;
    if (next !== undefined) return [step, when(at), howLong(next - at)];
    return [step, when(at), stands(record) ? `${howLong(nowMs - at)} ..` : ''];
  });
}
