/** Settings of a management cluster: where its API is and how to log in. The template of a cluster is in template.ts. */
import { dirname } from 'node:path';
import { z } from 'zod';
import { messageOf, SetupError } from '../../../../config/src/setup-error.ts';
import type { SettingsFiles } from '../../common/settings-files.ts';
import { contextsIn } from '../../kubernetes/kubeconfig.ts';
import type { OperatorsWay } from '../../kubernetes/login.ts';
import {
  noProxy,
  proxyAddress,
  proxyOfEnvironment,
  proxyUrlHint,
  proxyUrlProblem,
} from '../../uplink/proxy-url.ts';
import { networksSchema } from '../networks.ts';

const file = z.string().min(1, 'expected a path');

/** The ways in, by the setting that chooses each. */
const ways = ['kubeconfig', 'inCluster', 'server'] as const;

/** Settings that go with one way only. */
const belongs: Readonly<Record<string, (typeof ways)[number]>> = {
  context: 'kubeconfig',
  tokenFile: 'server',
  ca: 'server',
};

export const clusterApiSchema = z
  .strictObject({
    type: z
      .literal('cluster-api')
      .describe('A Kubernetes cluster with Cluster API that makes other clusters.'),
    namespace: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected the name of a namespace: a-z, 0-9, inner -')
      .describe('Where the Cluster objects are; it must exist.'),
    kubeconfig: file.describe('The login; or inCluster, or server.').exactOptional(),
    context: z.string().min(1).describe('Of the kubeconfig. Default: its current one.').exactOptional(),
    inCluster: z
      .literal(true, 'expected true; leave it out otherwise')
      .describe("Runs in a pod of that cluster, by the pod's service account.")
      .exactOptional(),
    server: z
      .url({ protocol: /^https$/, message: 'expected a URL like https://fleet.example.net:6443' })
      .describe('Its API; then tokenFile and ca, and no kubeconfig.')
      .exactOptional(),
    tokenFile: file.describe('Bearer token; read again when it has changed.').exactOptional(),
    ca: file.describe('PEM of its authority.').exactOptional(),
    networks: networksSchema.exactOptional(),
    proxy: z
      .string()
      .superRefine((text, context) => {
        const message = proxyProblem(text);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
      .describe(
        "The way there: a proxy's URL, none, or environment (HTTPS_PROXY and NO_PROXY). Default: the kubeconfig's own proxy-url.",
      )
      .exactOptional(),
  })
  .superRefine((value, context) => {
    const say = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path });
    const chosen = ways.filter(way => value[way] !== undefined);
    if (chosen.length !== 1) {
      say('expected exactly one of kubeconfig (a file), inCluster: true, and server with tokenFile and ca');
      return;
    }
    const [way] = chosen;
    for (const [setting, its] of Object.entries(belongs)) {
      const there = value[setting as keyof typeof value] !== undefined;
      if (there && its !== way) say(`goes with ${its}: leave it out`, setting);
      if (!there && its === way && way === 'server') say('expected a path: server needs it', setting);
    }
  });

export type ClusterApiSettings = z.infer<typeof clusterApiSchema>;

/** The same with files read. Secret: never logged. */
export interface ClusterApiConfig extends OperatorsWay {
  type: 'cluster-api';
  /** Where the Cluster objects live. */
  namespace: string;
}

/** @param at where the settings stand, for example `platforms.fleet`. */
export function clusterApiConfig(
  settings: ClusterApiSettings,
  at: string,
  files: SettingsFiles,
): ClusterApiConfig {
  const { namespace, proxy } = settings;
  return {
    type: 'cluster-api',
    namespace,
    access: accessOf(settings, at, files),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

function accessOf(
  { kubeconfig, context, server, tokenFile = '', ca = '' }: ClusterApiSettings,
  at: string,
  files: SettingsFiles,
): ClusterApiConfig['access'] {
  if (kubeconfig !== undefined) {
    const text = files.text(kubeconfig, `${at}.kubeconfig`);
    const path = files.path(kubeconfig);
    const source = `${at}.kubeconfig ${path}`;
    // What cannot be read has been told of.
    if (text !== '')
      files.collect(() => checkKubeconfig(text, context, source, at), undefined, `${at}.kubeconfig`);
    return { kind: 'kubeconfig', text, folder: dirname(path), ...(context === undefined ? {} : { context }) };
  }
  if (server === undefined) return { kind: 'in-cluster' };
  // Read only to see that it is one.
  files.secret(tokenFile, `${at}.tokenFile`);
  const path = files.path(tokenFile);
  return { kind: 'token', server, tokenFile: path, ca: files.pem(ca, `${at}.ca`) };
}

/**
 * That it is a kubeconfig and has the context: what else it says is the client's business.
 * @throws SetupError, with no word of the file but the names of contexts.
 */
function checkKubeconfig(text: string, wanted: string | undefined, source: string, at: string): undefined {
  const { names, current } = contextsOf(text, source);
  const context = wanted ?? current;
  if (names.includes(context)) return;
  if (names.length === 0) throw new SetupError(`${source} is not a kubeconfig: it has no contexts`);
  const there = `there is ${names.join(', ')}`;
  throw new SetupError(
    context === ''
      ? `${source} has no current-context: name one with ${at}.context; ${there}`
      : `${source} has no context ${context}; ${there}`,
  );
}

function contextsOf(text: string, source: string) {
  try {
    return contextsIn(text);
  } catch (error) {
    throw new SetupError(messageOf(error).replace('the kubeconfig', source));
  }
}

function proxyProblem(text: string): string | undefined {
  if (text === noProxy || text === proxyOfEnvironment) return undefined;
  const proxy = proxyAddress(text);
  if (proxy === undefined) return proxyUrlProblem(text, `${proxyUrlHint}, or ${proxyOfEnvironment}`);
  if (proxy.password !== undefined)
    return 'holds a password: use a proxy without one, or environment with HTTPS_PROXY';
  return undefined;
}
