/** What the doctor looks at of a platform of type cluster-api: its API answers, its certificate is believed, the login has the rights. */
import { Socket } from 'node:net';
import { messageOf } from '../../config/src/setup-error.ts';
import { type Missing, PlatformError } from '../../provisioner/src/common/platform.ts';
import type { Credentials } from '../../provisioner/src/kubernetes/credentials.ts';
import { Refused } from '../../provisioner/src/kubernetes/errors.ts';
import type { ClusterApiConfig } from '../../provisioner/src/platforms/cluster-api/settings.ts';
import type { SettingNames } from '../../provisioner/src/platforms/kind.ts';
import { at as placeOf, proxyName } from '../../provisioner/src/uplink/addresses.ts';
import { blame, describe, type Seen } from '../../provisioner/src/uplink/certificate.ts';
import { dial } from '../../provisioner/src/uplink/dial.ts';
import { HopError } from '../../provisioner/src/uplink/hop-error.ts';
import { handshake } from '../../provisioner/src/uplink/sockets.ts';
import { endWarning } from './certificate.ts';
import { clockWarning } from './clock-warning.ts';
import { settingNames, type Way, wayTo } from './management-cluster.ts';
import type { PlatformDoctor } from './platform-doctor.ts';
import { Broken, type Problem } from './result.ts';
import type { Visit } from './visit.ts';
import { noTls, withoutHop } from './way-problems.ts';

export const clusterApiDoctor = {
  firstHop,
  logIn,
  blame: notOfTheTemplate,
} satisfies PlatformDoctor<ClusterApiConfig>;

async function firstHop(setting: SettingNames, config: ClusterApiConfig) {
  const { host, proxy } = await wayTo(config);
  return proxy === undefined
    ? { host, setting: setting.server }
    : { host: proxy.host, setting: setting.proxy, isProxy: true };
}

/** What the login may not do is no fault of the template. */
function notOfTheTemplate(
  problem: Problem,
  { code, namespace }: Missing,
  platform: string,
  config: ClusterApiConfig,
): Problem {
  if (code === 'namespace') {
    return {
      setting: `platforms.${platform}.namespace`,
      found: problem.found,
      expected: 'a namespace that is there',
      advice: `kubectl create namespace ${config.namespace}, and the Role in it; or correct the name`,
    };
  }
  // A webhook or a quota says no with 403 as well, and is no matter of the login's.
  if (code !== 'rights' && code !== 'login') return problem;
  const where = namespace ?? config.namespace;
  return {
    setting: settingNames(`platforms.${platform}`, config).login,
    found: problem.found,
    expected: `the rights in provisioner/deploy/ in namespace ${where}`,
    advice:
      where === config.namespace
        ? 'role.yaml for a class; role-manifests.yaml with the kinds of your files for manifests'
        : `a Role there with the rule for clusterclasses of role.yaml, or correct classNamespace in ${problem.setting}`,
  };
}

/**
 * @param warnings what is noticed is added, also when it breaks afterwards.
 * @returns what was found. @throws Broken.
 */
async function logIn(
  name: string,
  config: ClusterApiConfig,
  visit: Visit,
  warnings: string[],
): Promise<string> {
  const setting = settingNames(`platforms.${name}`, config);
  const broken = (problem: Problem) => new Broken(problem, warnings);
  const way = await wayTo(config).catch(error => {
    throw broken({ setting: setting.login, found: messageOf(error), expected: 'a way in that can be used' });
  });
  try {
    const credentials = await way.login.credentials().catch(error => {
      throw broken({ setting: setting.login, found: messageOf(error), expected: 'a login that can be read' });
    });
    const seen = await lookAt(name, way, credentials, setting, visit, warnings);
    const platform = await visit.platform(name);
    await platform.check(visit.limit()).catch(error => {
      throw broken(checkProblem(error, config, setting));
    });
    const through = way.proxy === undefined ? '' : ` through ${way.proxy.type} proxy ${proxyName(way.proxy)}`;
    return `${name}: ${describe(seen)}${through}; Cluster API answers, clusters in namespace ${config.namespace} can be listed`;
  } finally {
    way.login.close();
  }
}

async function lookAt(
  name: string,
  way: Way,
  { tls }: Credentials,
  setting: SettingNames,
  visit: Visit,
  warnings: string[],
): Promise<Seen> {
  const { host, port } = way;
  const shown = tls.serverName ?? host;
  const plain = await open(way, setting, visit, warnings);
  const to = { host: shown, ...(tls.ca === undefined ? {} : { ca: tls.ca }) };
  const failure = noTls(placeOf(host, port));
  const { seen, secure } = await handshake(plain, to, visit.limit(), failure).catch(error => {
    const found = error instanceof HopError ? withoutHop(error) : messageOf(error);
    throw new Broken(
      { setting: setting.server, found, expected: 'the API of a Kubernetes cluster' },
      warnings,
    );
  });
  warnings.push(...endWarning(`the platform's (${name})`, seen, visit.options.now()));
  const problem = distrustProblem(seen, shown, setting);
  if (problem === undefined) warnings.push(...(await clockWarning(name, placeOf(host, port), secure, visit)));
  secure.destroy();
  if (problem !== undefined) throw new Broken(problem, warnings);
  return seen;
}

async function open(way: Way, setting: SettingNames, visit: Visit, warnings: string[]): Promise<Socket> {
  const { host, port, proxy } = way;
  try {
    const plain = await dial({ host, port, tls: false }, proxy, visit.limit());
    if (plain instanceof Socket) return plain;
    plain.destroy();
    throw new Error('the tunnel is no socket');
  } catch (error) {
    const atProxy = error instanceof HopError && error.hop === 'PROXY';
    throw new Broken(
      {
        setting: atProxy ? setting.proxy : setting.server,
        found: error instanceof HopError ? withoutHop(error) : messageOf(error),
        expected: atProxy
          ? `a tunnel to ${placeOf(host, port)}`
          : 'the management cluster, reachable from here',
        advice: 'see whether it runs, and whether host, port and proxy are right',
      },
      warnings,
    );
  }
}

function distrustProblem(seen: Seen, host: string, setting: SettingNames): Problem | undefined {
  const { distrust } = seen;
  if (distrust === undefined) return undefined;
  const found = `${describe(seen)} is not believed (${distrust})`;
  switch (blame(distrust)) {
    case 'name':
      return {
        setting: setting.server,
        found,
        expected: `a certificate for ${host}`,
        advice: 'use a name that stands in it (in a kubeconfig also: tls-server-name)',
      };
    case 'time':
      return {
        setting: setting.server,
        found,
        expected: "a certificate that is valid now, by this machine's clock",
        advice: 'have it renewed',
      };
    case 'authority':
      return {
        setting: setting.authority,
        found,
        expected: 'the authority that signed it',
        advice:
          'take a fresh kubeconfig or CA file from the management cluster; otherwise somebody is in between',
      };
  }
}

/** What {@link Platform.check} had to say. */
function checkProblem(error: unknown, { namespace }: ClusterApiConfig, setting: SettingNames): Problem {
  const found = messageOf(error);
  const code = error instanceof PlatformError ? error.code : undefined;
  if (code === 'login') {
    return {
      setting: setting.login,
      found,
      expected: 'a login that the management cluster takes',
      advice: 'take a fresh one from there',
    };
  }
  if (error instanceof Refused && error.status === 403) {
    return {
      setting: setting.login,
      found,
      expected: `the rights of provisioner/deploy/role.yaml in namespace ${namespace}`,
      advice: 'apply the Role there and bind it to this login, or correct the namespace',
    };
  }
  if (code === 'kind') {
    return {
      setting: setting.server,
      found,
      expected: 'a management cluster with Cluster API, v1beta1 or v1beta2',
      advice: 'install it there (clusterctl init), or name the cluster that has it',
    };
  }
  return {
    setting: setting.server,
    found,
    expected: 'a management cluster that lists its Clusters',
    advice: 'look at the management cluster itself',
  };
}
