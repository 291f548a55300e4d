/** The ways to the relays: each is walked by itself, and one that is broken keeps nobody from looking at the others. */

import type { Settings } from '../../provisioner/src/settings/config-schema.ts';
import { relaysIn, wayOutPath } from '../../provisioner/src/settings/relays.ts';
import type { RelayLogin } from '../../provisioner/src/uplink/addresses.ts';
import type { Connection } from '../../provisioner/src/uplink/connection.ts';
import { namesOf } from '../../provisioner/src/uplink/relays.ts';
import { Broken, type Finding, type Problem } from './result.ts';

/** One relay, and what earlier steps have learned of it. */
export interface Way {
  relay: RelayLogin;
  /** host:port. */
  name: string;
  /** Where it stands in the settings: `relay`, `relays.1`. */
  path: string;
  /** What stands before `proxy`, `proxyPasswordFile` and `proxyCa`: nothing, or the relay's own path. */
  proxyPath: string;
  /** An earlier step found it broken. */
  broken: boolean;
  /** Logged in by the step `credentials`, for the step `beacon`. */
  connection: Connection | undefined;
  /** What came over it. */
  heard: { topic: string; payload: Buffer }[];
}

export function waysOf(relays: readonly RelayLogin[], settings: Settings): Way[] {
  const paths = relaysIn(settings).map(({ path }) => path);
  const names = namesOf(relays);
  return relays.map((relay, i) => ({
    relay,
    name: names[i] ?? '',
    path: paths[i] ?? 'relay',
    proxyPath: wayOutPath(settings, i) ?? '',
    broken: false,
    connection: undefined,
    heard: [],
  }));
}

/**
 * Looks at each relay that no earlier step found broken.
 * @throws Broken with the problems of all; the visit goes on when one of them is well.
 */
export async function eachWay(ways: readonly Way[], look: (way: Way) => Promise<Finding>): Promise<Finding> {
  const whole = ways.filter(({ broken }) => !broken);
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const findings: Finding[] = [];
  // With several, each word says of which it is.
  const of = ({ name }: Way, text: string) => (ways.length === 1 ? text : `${name}: ${text}`);
  for (const way of whole) {
    try {
      const finding = await look(way);
      findings.push({ ...finding, found: of(way, finding.found) });
      warnings.push(...(finding.warnings ?? []).map(text => of(way, text)));
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      way.broken = true;
      problems.push(...error.problems);
      warnings.push(...error.warnings.map(text => of(way, text)));
    }
  }
  if (problems.length > 0) throw new Broken(problems, warnings, findings.length > 0);
  return {
    skipped: findings.length > 0 && findings.every(({ skipped }) => skipped === true),
    found: findings.map(({ found }) => found).join('; '),
    warnings: [...new Set(warnings)],
  };
}
