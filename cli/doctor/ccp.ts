/** What the doctor looks at of a platform of type ccp. */
import { messageOf } from '../../config/src/setup-error.ts';
import { PlatformError } from '../../provisioner/src/common/platform.ts';
import { portOf } from '../../provisioner/src/kubernetes/endpoint.ts';
import type { CcpConfig } from '../../provisioner/src/platforms/ccp/settings.ts';
import { blame, describe, type Seen } from '../../provisioner/src/uplink/certificate.ts';
import { HopError } from '../../provisioner/src/uplink/hop-error.ts';
import { hostOf } from '../../provisioner/src/uplink/relay-url.ts';
import { handshake, openTcp } from '../../provisioner/src/uplink/sockets.ts';
import { endWarning, withColons } from './certificate.ts';
import { clockWarning } from './clock-warning.ts';
import type { PlatformDoctor } from './platform-doctor.ts';
import { Broken, type Problem } from './result.ts';
import type { Visit } from './visit.ts';
import { noTls, withoutHop } from './way-problems.ts';

export const ccpDoctor = {
  firstHop: async (setting, { url }) => ({ host: hostOf(new URL(url)), setting: setting.server }),
  logIn,
  blame: problem => problem,
} satisfies PlatformDoctor<CcpConfig>;

/** @param warnings what is noticed is added. @returns what was found. @throws Broken. */
async function logIn(name: string, config: CcpConfig, visit: Visit, warnings: string[]): Promise<string> {
  const { seen, secure } = await certificateOf(name, config, visit);
  warnings.push(...endWarning(`the platform's (${name})`, seen, visit.options.now()));
  const problem = trustProblem(name, config, seen);
  if (problem !== undefined) {
    secure.destroy();
    throw new Broken(problem, warnings);
  }
  warnings.push(...(await clockWarning(name, new URL(config.url).host, secure, visit)));
  secure.destroy();
  const platform = await visit.platform(name);
  await platform.check(visit.limit()).catch(error => {
    throw new Broken(loginProblem(name, error), warnings);
  });
  return `${name}: ${describe(seen)}; logged in as ${config.username}`;
}

async function certificateOf(name: string, { url, trust }: CcpConfig, visit: Visit) {
  const parsed = new URL(url);
  const host = hostOf(parsed);
  const port = portOf(parsed);
  const where = `${parsed.hostname}:${port}`;
  try {
    // The hop is a word that nobody sees.
    const plain = await openTcp(
      host,
      port,
      visit.limit(),
      why => new HopError('RELAY', `${where} is not reachable: ${why}`),
    );
    const to = { host, ...('ca' in trust ? { ca: trust.ca } : {}) };
    return await handshake(plain, to, visit.limit(), noTls(where));
  } catch (error) {
    throw new Broken({
      setting: `platforms.${name}.url`,
      found: error instanceof HopError ? withoutHop(error) : messageOf(error),
      expected: 'the platform, reachable from this machine without a proxy',
      advice: 'see whether it runs, and whether host and port are right',
    });
  }
}

function trustProblem(name: string, { url, trust }: CcpConfig, seen: Seen): Problem | undefined {
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
