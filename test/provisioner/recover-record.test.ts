/** What a lost record must have been: every state of the platform against every word of the lab and of a copy. */
import { describe, expect, test } from 'vitest';
import type { State, Status } from '../../protocol/src/messages.ts';
import { needsCleanUp } from '../../provisioner/src/builds/clean-up.ts';
import { phaseBuildFailed, phaseCallingOff } from '../../provisioner/src/buttons/statuses.ts';
import { type PressRecord, stands } from '../../provisioner/src/journal/records.ts';
import { decide } from '../../provisioner/src/presses/policy.ts';
import { buttonOf } from '../../provisioner/src/recover/button.ts';
import type { Found } from '../../provisioner/src/recover/found.ts';
import { take } from '../../provisioner/src/recover/record.ts';
import { takeGone, takeUnasked } from '../../provisioner/src/recover/unseen.ts';
import { rulesOf } from '../../provisioner/src/settings/rules.ts';
import { pressBody } from './fixtures/lab.ts';
import { pressRecord } from './fixtures/records.ts';

const nowMs = 1_800_000_000_000;
const acceptedAt = nowMs - 3_600_000;
const cluster = 'house-01-7';
const access = { address: '10.0.0.7', server: 'https://10.0.0.7:6443' };

type Shown = Found['seen']['kind'];

function found(kind: Shown, change: Partial<Found> = {}): Found {
  const sight = { id: 'id-7', description: 'dash button house-01 of lab, press 7' };
  const seen: Found['seen'] =
    kind === 'building'
      ? { ...sight, kind, phase: 'nodes', done: 1, total: 3 }
      : kind === 'failed'
        ? { ...sight, kind, message: 'no machine' }
        : { ...sight, kind };
  const listed = { ...sight, name: cluster, ranges: ['10.1.0.0/20'], isBuilding: kind === 'building' };
  return {
    ...{ button: 'house-01', press: 7, cluster, profile: 'house', isProfileKnown: true, seen },
    listed: { ...listed, origin: { profile: 'house', acceptedAt } },
    ...(kind === 'ready' ? { access } : {}),
    ...change,
  };
}

function status(state: State, change: Partial<Status> = {}): Status {
  const times = { leftS: 0, lookAgainS: 0 };
  return { ...{ press: 7, seq: 3, state, cluster, phase: '', percent: 40, upTo: 40 }, ...times, ...change };
}

const told = status('ready', { address: access.address, percent: 100, upTo: 100 });
const later = status('ready', { press: 9, cluster: 'house-01-9' });
const refused = status('rejected', { press: 9, cluster: '', code: 'STALE' });
const failed = status('failed', { phase: phaseBuildFailed, line: 'no room' });
const kept = status('failed', { phase: 'not given back' });
const old = status('failed', { phase: 'failed' });

function taken(seen: Found, said?: Status, before?: PressRecord, timeToLiveS?: number): PressRecord {
  return take({ found: seen, said, before, timeToLiveS, deadlineS: 600, nowMs }).record;
}

/** What of a record decides: its step, and whether anything of it is removed without a word of a person. */
function gist(record: PressRecord): string {
  const gone = record.step === 'releasing' || needsCleanUp(record) ? ' and goes' : '';
  return `${record.step}${record.recovered === true ? ' in doubt' : ''}${gone}`;
}

describe('from platform and status', () => {
  test.each<[Shown, string, Status | undefined, string]>([
    ['building', 'nothing', undefined, 'building in doubt'],
    ['building', 'being built', status('provisioning'), 'building in doubt'],
    ['building', 'ready once: machines are changed', told, 'ready'],
    ['building', 'its build has failed', failed, 'failed and goes'],
    ['building', 'not given back', kept, 'ready'],
    ['building', 'failed, by a version that does not say what', old, 'failed in doubt'],
    ['building', 'called off', status('releasing', { phase: phaseCallingOff }), 'releasing and goes'],
    ['building', 'a later cluster', later, 'failed in doubt'],
    ['building', 'a later press was refused', refused, 'building in doubt'],
    ['ready', 'nothing', undefined, 'verifying in doubt'],
    ['ready', 'being built', status('provisioning'), 'verifying in doubt'],
    ['ready', 'ready', told, 'ready'],
    ['ready', 'a later cluster', later, 'ready'],
    ['ready', 'a later press was refused', refused, 'verifying in doubt'],
    ['ready', 'on its way back, by an old word', status('releasing', { phase: 'giving it back' }), 'ready'],
    ['ready', 'its build has failed', failed, 'failed and goes'],
    ['ready', 'not given back', kept, 'ready'],
    ['ready', 'gone, which it is not', status('released'), 'failed in doubt'],
    ['failed', 'nothing', undefined, 'failed in doubt'],
    ['failed', 'ready once', told, 'ready'],
    ['failed', 'its build has failed', failed, 'failed and goes'],
    ['deleting', 'nothing', undefined, 'releasing and goes'],
    ['deleting', 'ready', told, 'releasing and goes'],
    ['deleting', 'its build has failed', failed, 'failed and goes'],
  ])('%s, and the lab had said: %s', (kind, _, said, expected) => {
    const record = taken(found(kind), said);
    expect(gist(record)).toBe(expected);
    expect(record).toMatchObject({ id: 'id-7', range: '10.1.0.0/20', acceptedAt, profile: 'house' });
    expect(stands(record)).toBe(true);
  });

  test('a copy that is in doubt itself proves no failure', () => {
    const before = pressRecord(7, { step: 'failed', recovered: true });
    expect(gist(taken(found('ready'), undefined, before))).toBe('failed in doubt');
    expect(gist(taken(found('ready'), undefined, { ...before, step: 'ready' }))).toBe('ready');
  });

  test('an order to give it back that only a copy tells is not carried out', () => {
    const release = { by: 'button' as const, press: 8, percent: 50, askedAt: 5 };
    const before = pressRecord(7, { step: 'releasing', address: 'x', release });
    expect(gist(taken(found('ready'), undefined, before))).toBe('ready');
    expect(gist(taken(found('deleting'), undefined, before))).toBe('releasing and goes');
  });
});

describe('its end', () => {
  const hourMs = 3_600_000;
  test.each<
    [string, Status | undefined, Partial<PressRecord> | undefined, number | undefined, number | undefined]
  >([
    ['no time to live', told, undefined, undefined, undefined],
    ['from the mark: never before the true one', later, undefined, 7200, acceptedAt + 600_000 + 2 * hourMs],
    ['what its button was told is sooner', { ...told, leftS: 60 }, undefined, 7200, nowMs + 60_000],
    ['its button was told that it stays', told, undefined, 7200, undefined],
    ['long over: warned from now', later, undefined, 60, nowMs],
    ['the copy knows', told, { step: 'ready', expiresAt: 77 }, 7200, 77],
  ])('when it is given back by itself: %s', (_, said, before, timeToLiveS, expected) => {
    const copied = before && pressRecord(7, { acceptedAt, warnedAt: 5, warnedForMs: 9, ...before });
    const record = taken(found('ready'), said, copied, timeToLiveS);
    expect([record.step, record.expiresAt, record.warnedAt]).toEqual(['ready', expected, undefined]);
  });
});

describe('of a copy, and not on the platform', () => {
  const range = '10.1.0.0/20';
  test.each<[PressRecord['step'], Partial<PressRecord>, string, string]>([
    ['accepted', {}, 'failed in doubt', 'failed in doubt'],
    ['reserved', { range }, 'failed in doubt', 'failed in doubt'],
    ['creating', { range }, 'failed in doubt', 'building in doubt'],
    ['building', { range, id: 'x' }, 'failed in doubt', 'building in doubt'],
    ['ready', { range, address: 'x' }, 'released', 'ready'],
    ['failed', { cleanUp: { since: 1 } }, 'failed', 'failed and goes'],
    ['released', {}, 'released', 'released'],
    ['rejected', { cluster: '' }, 'rejected', 'rejected'],
  ])('a press of a copy that stood at %s', (step, change, gone, unasked) => {
    const record = pressRecord(7, { step, ...change });
    expect(gist(takeGone(record, nowMs).record)).toBe(gone);
    expect(stands(takeGone(record, nowMs).record)).toBe(false);
    expect(gist(takeUnasked(record, nowMs).record)).toBe(unasked);
    // Whatever may have been ordered since the copy was made is still the lab's.
    expect(stands(takeUnasked(record, nowMs).record)).toBe(step !== 'released' && step !== 'rejected');
  });
});

describe('a button', () => {
  const facts = { button: 'house-01', presses: [], before: undefined, rules: rulesOf(), expectS: 60 };
  const of = (said: Status | undefined, presses: PressRecord[] = [], mayStand = false) =>
    buttonOf({ ...facts, said, presses, mayStand, nowMs });

  test('its number is the highest that anybody has seen, its sequence beyond what was lost', () => {
    expect(of(told, [pressRecord(9, { step: 'building' })])).toMatchObject({
      ...{ lastPress: 9, building: 9, recoveredAt: nowMs },
      status: { press: 9, state: 'provisioning', cluster: 'house-01-9' },
    });
    expect(of(told, [taken(found('ready'), told)]).status).toMatchObject({
      ...told,
      seq: 1_000_003,
      phase: 'control plane',
    });
    expect(of(undefined)).toMatchObject({ lastPress: 0, status: { press: 0, state: 'idle' } });
  });

  test.each<[Status, boolean, State]>([
    [status('provisioning'), false, 'failed'],
    [status('provisioning'), true, 'provisioning'],
    [told, false, 'released'],
    [told, true, 'ready'],
    [status('rejected', { cluster: '' }), false, 'rejected'],
  ])('what stands nowhere: %#', (said, mayStand, expected) => {
    expect(of(said, [], mayStand)).toMatchObject({ lastPress: 7, status: { state: expected, press: 7 } });
  });

  test('no press from just before the recovery is taken, whatever its number; one from after it is', () => {
    const recoveredS = nowMs / 1000;
    const known = { lastPress: 7, heard: false, standing: 0, standingOfAll: 0, rules: rulesOf(), recoveredS };
    const at = (time: number, nowS = recoveredS + 5) => decide(known, { ...pressBody(8), time }, nowS);
    expect(at(recoveredS)).toMatchObject({
      kind: 'reject',
      code: 'STALE',
      line: 'The lab was restored: press again',
    });
    expect(at(recoveredS - 100)).toMatchObject({ kind: 'reject', code: 'STALE' });
    expect(at(recoveredS + 1)).toEqual({ kind: 'accept' });
    // The clock was a day ahead then, and is right now.
    expect(at(recoveredS - 86_400, recoveredS - 86_395)).toEqual({ kind: 'accept' });
  });
});
