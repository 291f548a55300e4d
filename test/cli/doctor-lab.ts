/** Set-ups for the doctor: the lab of test/provisioner/lab.ts as files, a relay with TLS beside it, and the visit. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { doctor, exitCodeOf, stepNames } from '../../cli/doctor/doctor.ts';
import { linesOf, summaryOf } from '../../cli/doctor/report.ts';
import type { StepResult } from '../../cli/doctor/result.ts';
import type { VisitOptions } from '../../cli/doctor/visit.ts';
import { silentLog } from '../../config/src/log.ts';
import type { Environment } from '../../provisioner/src/way/proxy-env.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { makeUsers } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';
import { type Authority, type KeyPair, makeServerPair } from '../../simulator/ccp/certificates.ts';
import { type Lab, site, startLab } from '../provisioner/lab.ts';
import { secretsOf, writeSettings } from './operator-lab.ts';

export const dayMs = 86_400_000;

/** A simulated certificate lives this long (days). */
const lifetimeDays = 3650;

export interface Visited {
  results: StepResult[];
  /** Exit code of the command. */
  code: number;
  /** What a person sees. */
  text: string;
}

/** The doctor in this process; `env` is all of the environment that it sees. */
export async function visit(config: string, options: Partial<VisitOptions> = {}): Promise<Visited> {
  const env: Environment = {};
  const results = await doctor({ config, env, now: Date.now, ...options }, () => {});
  const text = [...results.flatMap(linesOf), summaryOf(results)].join('\n');
  return { results, code: exitCodeOf(results), text };
}

/** `ok DNS` … in the order of the steps; for a comparison at one look. */
export function statesOf({ results }: Visited): string[] {
  return results.map(({ step, state }) => `${state} ${step}`);
}

/** What {@link statesOf} says when the visit ended at `broken`, and did not look at `skipped`. */
export function endedAt(broken: string, skipped: readonly string[] = []): string[] {
  const at = stepNames.indexOf(broken);
  if (at === -1) throw new Error(`there is no step ${broken}`);
  return stepNames.map((step, i) => {
    if (i === at) return `broken ${step}`;
    if (i > at) return `not tried ${step}`;
    return skipped.includes(step) ? `skipped ${step}` : `ok ${step}`;
  });
}

export const allWell = stepNames.map(step => `ok ${step}`);

/** All problems of the one broken step. */
export function problemsOf({ results }: Visited) {
  return results.flatMap(({ problems }) => problems);
}

export function warningsOf({ results }: Visited): string[] {
  return results.flatMap(({ warnings }) => warnings);
}

/** Settings that were written, as an object to change. */
export function settingsIn(path: string): Record<string, Record<string, unknown>> {
  return parse(readFileSync(path, 'utf8'));
}

/** A certificate that ends in so many days; negative: it has. */
export async function pairEndingIn(days: number, hosts: string[], authority?: Authority): Promise<KeyPair> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + (days - lifetimeDays) * dayMs });
  try {
    return await makeServerPair('relay', hosts, authority);
  } finally {
    vi.useRealTimers();
  }
}

/** The port of a relay with TLS and this certificate, which knows everybody in the lab. Ends with the test. */
export async function secureRelay(
  lab: Lab,
  { certPem, keyPem }: KeyPair,
  kind: 'mqtts' | 'wss' = 'mqtts',
): Promise<number> {
  const users = makeUsers(
    Object.entries(lab.passwords).map(([name, password]) => ({
      name,
      role: name === site ? ('provisioner' as const) : ('button' as const),
      site,
      verifier: makeVerifier(password),
    })),
  );
  const certificates = [{ cert: certPem, key: keyPem }];
  const doors = [{ kind, port: 0 }];
  const relay = await startRelay({ host: '127.0.0.1', users, doors, certificates, log: silentLog });
  onTestFinished(() => relay.close());
  return relay.port;
}

/** A good set-up and its changes into broken ones. */
export class SetUp {
  readonly lab: Lab;

  constructor(lab: Lab) {
    this.lab = lab;
  }

  /** `house-02` has a password at no relay, and stands in no settings. */
  static async start(): Promise<SetUp> {
    const lab = await startLab({ buttons: ['house-01', 'house-02'], unknownToRelay: ['house-02'] });
    delete (lab.config.buttons as Record<string, unknown>)['house-02'];
    return new SetUp(lab);
  }

  good = () => settingsIn(writeSettings(this.lab));
  write = (change: Record<string, unknown>) => writeSettings(this.lab, change);
  relayWith = (change: object) => ({ relay: { ...this.good().relay, ...change } });
  platformWith = (change: object) => ({
    platforms: { ccp: { ...(this.good().platforms?.ccp as object), ...change } },
  });
  house = () => this.good().profiles?.house as Record<string, object>;
  templateWith = (change: object) => ({
    profiles: { house: { ...this.house(), template: { ...this.house().template, ...change } } },
  });
  file = (name: string, text: string) => {
    writeFileSync(join(this.lab.folder, name), text, { mode: 0o600 });
    return name;
  };

  /** Ended there, with these settings to change, and without a secret. Returns the problems. */
  expectBroken = (visited: Visited, step: string, settings: string[], skipped: string[] = []) => {
    expect(statesOf(visited), visited.text).toEqual(endedAt(step, skipped));
    expect(visited.code).toBe(step === 'configuration' ? 2 : 1);
    expect(problemsOf(visited).map(({ setting }) => setting)).toEqual(settings);
    expect(visited.text).toContain(`Broken at ${step}: ${settings.join(', ')}.`);
    for (const secret of secretsOf(this.lab)) expect(visited.text).not.toContain(secret);
    return problemsOf(visited);
  };
}
