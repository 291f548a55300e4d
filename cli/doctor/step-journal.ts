/** Step 9: the journal can be read, and written by this user; there is room on its disk. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../config/src/setup-error.ts';
import { counted, octal } from './counted.ts';
import type { Presence } from './presence.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import type { Visit } from './visit.ts';

/** A press is about 1 kB, LevelDB's tables are rewritten now and then; less than this fills up some night (bytes). */
const leastFreeBytes = 100 * 1024 * 1024;

/** For anybody but the owner. */
const others = 0o077;

/** @throws Broken. */
export async function journal(visit: Visit): Promise<Finding> {
  const folder = visit.config.journal;
  const presence = await visit.presence();
  const there = existsSync(folder);
  const place = there ? folder : nearest(folder);
  const warnings = [...roomWarning(place, freeBytesAt(place)), ...(there ? modeWarning(folder) : [])];
  if (presence.kind === 'unknown') throw new Broken(unreadable(presence.reason, folder), warnings);
  if (presence.kind === 'running') warnings.push(...(presence.health.strangers ?? []).map(strangerWarning));
  warnings.push(...clockWarnings(presence, visit.options.now()));
  if (presence.kind === 'running') return { found: runningWords(folder, presence.health.journal), warnings };
  if (presence.kind === 'silent') {
    return { skipped: true, found: `${folder}: ${presence.reason}`, warnings };
  }
  checkWritable(place, folder);
  return { found: `${folder}: ${contentsOf(presence)}`, warnings };
}

function strangerWarning(button: string): string {
  return `buttons.${button}.keyFile: ${button} signs with another key: dashbutton enroll ${button} --rekey, then dashbutton flash ${button}; or put its own key there`;
}

/** Stamps of the journal may be ahead of this clock by so much (milliseconds). */
const maxAheadMs = 60_000;

/** What the journal, or the provisioner that runs, tells of this machine's clock. */
function clockWarnings(presence: Presence, nowMs: number): string[] {
  if (presence.kind === 'running') {
    const { count = 0, last } = presence.health.clock ?? {};
    if (last === undefined) return [];
    const way = last.byMs > 0 ? 'forward' : 'back';
    return [
      `this machine's clock has jumped ${counted(count, 'time')} since the provisioner started, the last time at ${new Date(last.at).toISOString()} by ${Math.round(Math.abs(last.byMs) / 1000)} s ${way} (or the process was held so long): see that NTP runs`,
    ];
  }
  if (presence.kind !== 'none') return [];
  const stamps = presence.contents?.presses.flatMap(({ history }) => history.map(({ at }) => at)) ?? [];
  const aheadMs = stamps.reduce((a, b) => Math.max(a, b), 0) - nowMs;
  if (aheadMs <= maxAheadMs) return [];
  return [
    `the journal's last entry is ${Math.round(aheadMs / 1000)} s in the future: this machine's clock was wrong then, or is now; see that NTP runs`,
  ];
}

function runningWords(folder: string, health: { ok: boolean; reason?: string }): string {
  if (health.ok) return `${folder}: open in the provisioner that runs, which can write it`;
  throw new Broken({
    setting: 'journal',
    found: health.reason ?? 'it cannot be written',
    expected: 'a journal that the provisioner can write',
    advice: 'the provisioner goes on by itself once it can',
  });
}

function contentsOf({ contents }: Presence & { kind: 'none' }): string {
  if (contents === undefined)
    return 'not there yet, the first start makes it (if it is lost: dashbutton journal recover)';
  const { presses, buttons, notices } = contents;
  const waiting = notices.length === 0 ? '' : `, ${counted(notices.length, 'notice')} for webhooks`;
  return `whole, ${counted(presses.length, 'press', 'presses')} of ${counted(buttons.length, 'button')}${waiting}; no provisioner runs`;
}

function unreadable(reason: string, folder: string): Problem {
  return {
    setting: 'journal',
    found: reason,
    expected: `a whole journal in ${folder}, or none yet, that this user can open`,
  };
}

/** @param place the folder, or the nearest one above it that there is. */
function checkWritable(place: string, folder: string): void {
  try {
    if (!statSync(place).isDirectory()) throw new Error(`${place} is no folder`);
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { uid, mode } = statSync(place);
    const owner = `it belongs to user ${uid}, mode ${octal(mode)}; this runs as ${process.getuid?.() ?? '?'}`;
    throw new Broken({
      setting: 'journal',
      found: `${place} cannot be written: ${messageOf(error)} (${owner})`,
      expected: `a folder that this user can ${place === folder ? 'write' : 'make'}`,
      advice:
        'run this as the user of the provisioner; or give the folder to that user (chown), or choose another',
    });
  }
}

function nearest(path: string): string {
  // Ends at / at the latest.
  for (let at = path; ; at = dirname(at)) if (existsSync(at) || at === dirname(at)) return at;
}

function freeBytesAt(place: string): number {
  const { bavail, bsize } = statfsSync(place);
  return bavail * bsize;
}

/** @param freeBytes on the disk of this place. Pure. */
export function roomWarning(place: string, freeBytes: number): string[] {
  if (freeBytes >= leastFreeBytes) return [];
  return [
    `${Math.floor(freeBytes / 1024 / 1024)} MiB are free on the disk of ${place}: make room before a press finds none`,
  ];
}

/** It tells who builds what and when. */
function modeWarning(folder: string): string[] {
  const { mode } = statSync(folder);
  return (mode & others) === 0
    ? []
    : [`journal: ${folder} has mode ${octal(mode)}, others may look into it: chmod 700`];
}
