/** Step 2: the names that this machine has to look up are known. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { messageOf } from '../../config/src/setup-error.ts';
import type { PlatformConfig } from '../../provisioner/src/platforms/kinds.ts';
import { socketReason } from '../../provisioner/src/uplink/hop-error.ts';
import { doctorOf } from './kinds.ts';
import { settingNames } from './management-cluster.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import type { Visit } from './visit.ts';
import type { Way } from './ways.ts';

/** As long as the first hop may take; the system's own patience is often three times that (milliseconds). */
const lookupLimitMs = 10_000;

interface Name {
  host: string;
  setting: string;
  what: string;
}

/** @throws Broken with one problem for each name that is not known. */
export async function dns(visit: Visit): Promise<Finding> {
  const { platforms } = visit.config;
  const names = [
    ...wayNames(visit.ways),
    ...(await Promise.all(Object.entries(platforms).map(([name, it]) => firstHop(name, it)))).flat(),
  ];
  const looks = await Promise.all(names.map(look));
  const problems = looks.flatMap(it => (typeof it === 'string' ? [] : [it]));
  if (problems.length > 0) throw new Broken(problems);
  const byProxy = visit.ways.flatMap(({ relay }) =>
    relay.proxy === undefined || isIP(relay.host) !== 0 ? [] : [`${relay.host}: the proxy looks it up`],
  );
  return { found: [...looks, ...byProxy].join('; ') };
}

/** What this machine looks up to reach the relays; a proxy of several of them once. */
function wayNames(ways: readonly Way[]): Name[] {
  const names = ways.map(
    ({ relay: { host, proxy }, path, proxyPath }): Name =>
      proxy === undefined
        ? { host, setting: `${path}.url`, what: 'relay' }
        : { host: proxy.host, setting: proxy.from ?? `${proxyPath}proxy`, what: 'proxy' },
  );
  return names.filter(({ host }, i) => names.findIndex(name => name.host === host) === i);
}

/** The name that this machine looks up to reach a platform. @throws Broken when the settings lead nowhere. */
async function firstHop(name: string, config: PlatformConfig): Promise<Name[]> {
  const what = `platform ${name}`;
  const setting = settingNames(`platforms.${name}`, config);
  try {
    const hop = await doctorOf(config).firstHop(setting, config);
    if (hop === undefined) return [];
    return [{ host: hop.host, setting: hop.setting, what: hop.isProxy ? `proxy to ${what}` : what }];
  } catch (error) {
    throw new Broken({
      setting: setting.login,
      found: messageOf(error),
      expected: 'a way in that can be used',
    });
  }
}

/** What it is, in words, or the problem. */
async function look({ host, setting, what }: Name): Promise<string | Problem> {
  if (isIP(host) !== 0) return `${what} ${host} is an address`;
  try {
    const found = await withLimit(lookup(host, { all: true }));
    return `${what} ${host} is ${[...new Set(found.map(({ address }) => address))].slice(0, 3).join(', ')}`;
  } catch (error) {
    const why = socketReason(error);
    return {
      setting,
      found: `${host}: ${why}`,
      expected: `a name that this machine can look up (getent hosts ${host})`,
      advice:
        what === 'relay'
          ? 'correct the name; where only the proxy knows names of the internet, set proxy'
          : "correct the name, or this machine's resolver",
    };
  }
}

function withLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`DNS does not answer within ${lookupLimitMs / 1000} s`)),
      lookupLimitMs,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
