/** Step 7: each platform answers, with the certificate that the settings name, and takes the login. */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf } from '../../config/src/setup-error.ts';
import type { PlatformConfig } from '../../provisioner/src/platforms/make.ts';
import { PlatformError } from '../../provisioner/src/platforms/platform.ts';
import { HopError } from '../../provisioner/src/way/hop-error.ts';
import { hostOf } from '../../provisioner/src/way/relay-url.ts';
import { openTcp } from '../../provisioner/src/way/sockets.ts';
import { blame, describe, endWarning, look, type Seen, withColons } from './certificate.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import type { Visit } from './visit.ts';
import { withoutHop } from './way-problems.ts';

/** Where a URL says nothing of a port (RFC 9110 section 4.2.2). */
const httpsPort = 443;

/** An answer to HEAD, only for its date (milliseconds). */
const dateLimitMs = 5_000;

/**
 * More than this and people wonder: logs of lab and platform do not fit each other, and tokens and certificates may
 * be worthless before their time (milliseconds).
 */
const maxClockOffMs = 60_000;

/** @throws Broken at the first platform that cannot be used. */
export async function platformLogin(visit: Visit): Promise<Finding> {
  const found: string[] = [];
  const warnings: string[] = [];
  for (const [name, config] of Object.entries(visit.config.platforms)) {
    const { seen, secure } = await certificateOf(name, config, visit);
    warnings.push(...endWarning(`the platform's (${name})`, seen, visit.options.now()));
    const problem = trustProblem(name, config, seen);
    if (problem !== undefined) {
      secure.destroy();
      throw new Broken(problem, warnings);
    }
    warnings.push(...(await clockWarning(name, config.url, secure, visit)));
    secure.destroy();
    await visit
      .platform(name)
      .check(visit.limit())
      .catch(error => {
        throw new Broken(loginProblem(name, error), warnings);
      });
    found.push(`${name}: ${describe(seen)}; logged in as ${config.username}`);
  }
  return { found: found.join('; ') || 'there is none in the settings', warnings };
}

async function certificateOf(name: string, { url, trust }: PlatformConfig, visit: Visit) {
  const { hostname, port } = new URL(url);
  const host = hostOf(new URL(url));
  const where = `${hostname}:${port || httpsPort}`;
  try {
    // The hop is a word that nobody sees.
    const plain = await openTcp(
      host,
      Number(port) || httpsPort,
      visit.limit(),
      why => new HopError('RELAY', `${where} is not reachable: ${why}`),
    );
    return await look(plain, host, 'ca' in trust ? trust.ca : undefined);
  } catch (error) {
    throw new Broken({
      setting: `platforms.${name}.url`,
      found: error instanceof HopError ? withoutHop(error) : `${where} speaks no TLS: ${messageOf(error)}`,
      expected: 'the platform, reachable from this machine without a proxy',
      advice: 'see whether it runs, and whether host and port are right',
    });
  }
}

function trustProblem(name: string, { url, trust }: PlatformConfig, seen: Seen): Problem | undefined {
  if ('fingerprint' in trust) {
    if (seen.fingerprint === trust.fingerprint) return undefined;
    return {
      setting: `platforms.${name}.fingerprint`,
      found: withColons(seen.fingerprint),
      expected: withColons(trust.fingerprint),
      advice:
        'compare with the platform itself (or who looks after it): when it has a new certificate, put this one there; otherwise somebody is in between',
    };
  }
  const { distrust } = seen;
  if (distrust === undefined) return undefined;
  const found = `${describe(seen)} is not believed (${distrust}); its fingerprint is ${withColons(seen.fingerprint)}`;
  const instead = `, or pin it: platforms.${name}.fingerprint instead of ca`;
  switch (blame(distrust)) {
    case 'name':
      return {
        setting: `platforms.${name}.url`,
        found,
        expected: `a certificate for ${hostOf(new URL(url))}`,
        advice: `use a name that stands in it${instead}`,
      };
    case 'time':
      return {
        setting: `platforms.${name}.ca`,
        found,
        expected: "a certificate that is valid now, by this machine's clock",
        advice: `have it renewed${instead}`,
      };
    case 'authority':
      return {
        setting: `platforms.${name}.ca`,
        found,
        expected: `one of the authorities in platforms.${name}.ca`,
        advice: `name the PEM file of the authority that signed it${instead}`,
      };
  }
}

function loginProblem(name: string, error: unknown): Problem {
  const found = messageOf(error);
  const at = `platforms.${name}`;
  if (/^login refused/.test(found) && error instanceof PlatformError && !error.transient) {
    return {
      setting: `${at}.passwordFile`,
      found,
      expected: `the password of platforms.${name}.username`,
      advice: 'put the right name and password there; a few refusals more may lock the account',
    };
  }
  return {
    setting: `${at}.url`,
    found,
    expected: 'a platform that lists its clusters',
    advice: 'look at the platform itself',
  };
}

/** Says nothing when the platform tells no date. */
async function clockWarning(name: string, url: string, socket: Socket, visit: Visit): Promise<string[]> {
  const dateMs = await dateOver(socket, new URL(url).host);
  if (dateMs === undefined) return [];
  // A date has whole seconds, cut off.
  const offMs = visit.options.now() - (dateMs + 500);
  if (Math.abs(offMs) <= maxClockOffMs) return [];
  const off = `${Math.round(Math.abs(offMs) / 1000)} s ${offMs > 0 ? 'ahead of' : 'behind'}`;
  return [
    `this machine's clock is ${off} that of platform ${name}: set it (NTP); press times and certificates depend on it`,
  ];
}

/** What HEAD / over this TLS socket says of the time, in milliseconds since 1970. No login is sent. */
function dateOver(socket: Socket, host: string): Promise<number | undefined> {
  return new Promise(resolve => {
    const asked = request(
      { method: 'HEAD', path: '/', headers: { host }, createConnection: () => socket, timeout: dateLimitMs },
      response => {
        response.resume();
        const date = Date.parse(response.headers.date ?? '');
        void resolve(Number.isNaN(date) ? undefined : date);
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('no answer')));
    asked.once('error', () => resolve(undefined));
    asked.end();
  });
}
