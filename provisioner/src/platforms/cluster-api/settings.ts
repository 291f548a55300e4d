/** Settings of a management cluster: where its API is and how to log in. The template of a cluster is in template.ts. */
import { dirname } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { SetupError } from '../../../../config/src/setup-error.ts';
import { noProxy, proxyAddress, proxyUrlHint } from '../../way/proxy-url.ts';
import type { SettingsFiles } from '../files.ts';

export { clusterApiTemplateSchema } from './template.ts';

const file = z.string().min(1, 'expected a path');

/** As {@link ClusterApiConfig.proxy}: whatever HTTPS_PROXY and NO_PROXY of the environment say. */
export const proxyOfEnvironment = 'environment';

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
    type: z.literal('cluster-api'),
    namespace: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected the name of a namespace: a-z, 0-9, inner -'),
    kubeconfig: file.exactOptional(),
    context: z.string().min(1).exactOptional(),
    inCluster: z.literal(true, 'expected true; leave it out otherwise').exactOptional(),
    server: z
      .url({ protocol: /^https$/, message: 'expected a URL like https://fleet.example.net:6443' })
      .exactOptional(),
    tokenFile: file.exactOptional(),
    ca: file.exactOptional(),
    proxy: z
      .string()
      .superRefine((text, context) => {
        const message = proxyProblem(text);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
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
export interface ClusterApiConfig {
  type: 'cluster-api';
  /** Where the Cluster objects live. */
  namespace: string;
  access:
    | {
        kind: 'kubeconfig';
        text: string;
        /** From here count relative paths in it. */
        folder: string;
        /** Left out: its current-context. */
        context?: string;
      }
    /** The service account of the pod we run in. */
    | { kind: 'in-cluster' }
    /** `tokenFile` is absolute and read again and again, because tokens rotate; `ca` is PEM. */
    | { kind: 'token'; server: string; tokenFile: string; ca: string };
  /**
   * A proxy's URL, with its password if it has one; `none`: direct, also when the kubeconfig has a proxy-url;
   * `environment`: HTTPS_PROXY and NO_PROXY. Left out: the kubeconfig's proxy-url, else direct.
   */
  proxy?: string;
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
    if (text !== '') files.collect(() => checkKubeconfig(text, context, source, at), undefined);
    return { kind: 'kubeconfig', text, folder: dirname(path), ...(context === undefined ? {} : { context }) };
  }
  if (server === undefined) return { kind: 'in-cluster' };
  // Read only to see that it is one.
  files.secret(tokenFile, `${at}.tokenFile`);
  const path = files.path(tokenFile);
  return { kind: 'token', server, tokenFile: path, ca: files.pem(ca, `${at}.ca`) };
}

const kubeconfigSchema = z.looseObject({
  'current-context': z.string().catch(''),
  contexts: z.array(z.looseObject({ name: z.string() })).catch([]),
});

/**
 * That it is a kubeconfig and has the context: what else it says is the client's business.
 * @throws SetupError, with no word of the file but the names of contexts.
 */
function checkKubeconfig(text: string, wanted: string | undefined, source: string, at: string): undefined {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch {
    // The parser's own words show a piece of the text.
    throw new SetupError(`${source} is not YAML`);
  }
  const checked = kubeconfigSchema.safeParse(value);
  const names = checked.data?.contexts.map(({ name }) => name) ?? [];
  if (!checked.success || names.length === 0) {
    throw new SetupError(`${source} is not a kubeconfig: it has no contexts`);
  }
  const context = wanted ?? checked.data['current-context'];
  if (names.includes(context)) return;
  const there = `there is ${names.join(', ')}`;
  throw new SetupError(
    context === ''
      ? `${source} has no current-context: name one with ${at}.context; ${there}`
      : `${source} has no context ${context}; ${there}`,
  );
}

function proxyProblem(text: string): string | undefined {
  if (text === noProxy || text === proxyOfEnvironment) return undefined;
  const proxy = proxyAddress(text);
  if (proxy === undefined) return `${proxyUrlHint}, or ${proxyOfEnvironment}`;
  if (proxy.password !== undefined)
    return 'holds a password: use a proxy without one, or environment with HTTPS_PROXY';
  return undefined;
}
