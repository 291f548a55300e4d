/** Chooses cluster and user out of the operator's own kubeconfig, and refuses what is not done here. */
import { isAbsolute, join } from 'node:path';
import { type Cluster, KubeConfig, type User } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { z } from 'zod';
import { oneLine } from '../../line.ts';
import { PlatformError } from '../platform.ts';
import { type ExecCommand, execSchema } from './exec-plugin.ts';
import type { ClusterApiConfig } from './settings.ts';

type KubeconfigAccess = Extract<ClusterApiConfig['access'], { kind: 'kubeconfig' }>;

/** What a context names. Secret. */
export interface ChosenContext {
  /** Paths in both are absolute. */
  cluster: Cluster;
  user: User;
  exec?: ExecCommand;
  tokenFile?: string;
  /** The cluster in the words of KUBERNETES_EXEC_INFO. */
  info: Record<string, unknown>;
}

const named = z.looseObject({ name: z.string() });
const entry = z.looseObject({}).nullish();
const configSchema = z.looseObject({
  'current-context': z.string().nullish(),
  contexts: z.array(named.extend({ context: entry })).catch([]),
  clusters: z.array(named.extend({ cluster: entry })).catch([]),
  users: z.array(named.extend({ user: entry })).catch([]),
});

/** What would be done otherwise than the operator thinks, or not at all; why, and what to do. */
const refusedInUser: Record<string, string> = {
  'auth-provider': 'has an auth-provider, which Kubernetes has given up: use an exec command or a token',
  username: 'has a user name and password, which Kubernetes has not known since 1.19: use a token',
  'as-groups': 'wants to act in groups (as-groups), which is not done here',
  'as-uid': 'wants to act with a uid (as-uid), which is not done here',
  'as-user-extra': 'wants to act with extra fields (as-user-extra), which is not done here',
};

/**
 * The context's cluster and user; the current context when none is named.
 * @throws PlatformError, not transient. Nothing of the file is in it but names.
 */
export function chosenContext({ text, folder, context }: KubeconfigAccess): ChosenContext {
  const config = parsed(text);
  const name = context ?? config['current-context'] ?? '';
  const chosen = config.contexts.find(one => one.name === name)?.context;
  if (!chosen) throw refusal(name === '' ? 'has no current-context' : `has no context ${oneLine(name, 80)}`);
  const rawCluster = config.clusters.find(one => one.name === chosen.cluster)?.cluster;
  const rawUser = config.users.find(one => one.name === chosen.user)?.user;
  if (!rawCluster) throw refusal(`has no cluster for the context ${oneLine(name, 80)}`);
  if (!rawUser) throw refusal(`has no user for the context ${oneLine(name, 80)}`);
  refuseCluster(rawCluster);
  for (const [field, why] of Object.entries(refusedInUser)) if (isSet(rawUser[field])) throw refusal(why);
  const { cluster, user } = read(config, name, folder);
  // The library knows only `token-file`, reads it once and from the working directory.
  const tokenFile = rawUser.tokenFile ?? rawUser['token-file'];
  return {
    cluster,
    user,
    ...(isSet(rawUser.exec) ? { exec: execOf(rawUser.exec) } : {}),
    ...(typeof tokenFile === 'string' && tokenFile !== '' ? { tokenFile: absolute(folder, tokenFile) } : {}),
    info: infoOf(rawCluster),
  };
}

function parsed(text: string): z.infer<typeof configSchema> {
  try {
    return configSchema.parse(parse(text, { maxAliasCount: 100 }));
  } catch {
    // The parser's own words show a piece of the text.
    throw refusal('is not a kubeconfig');
  }
}

function refuseCluster(cluster: Readonly<Record<string, unknown>>): void {
  if (isSet(cluster['insecure-skip-tls-verify'])) {
    const what = 'wants the certificate unchecked (insecure-skip-tls-verify), which is never done';
    throw refusal(`${what}: give certificate-authority-data instead`);
  }
  const server = String(cluster.server ?? '');
  if (!URL.canParse(server)) throw refusal('names no server');
  if (new URL(server).protocol !== 'https:')
    throw refusal('names a server without TLS, which is not talked to');
}

/** The library's own reading, of the one context only. */
function read(config: z.infer<typeof configSchema>, name: string, folder: string) {
  const users = config.users.map(one => {
    const { 'token-file': _, ...user } = one.user ?? {};
    return { ...one, user };
  });
  const kubeConfig = new KubeConfig();
  try {
    kubeConfig.loadFromString(JSON.stringify({ ...config, users }));
  } catch {
    throw refusal('has an entry without a name or a server');
  }
  kubeConfig.setCurrentContext(name);
  kubeConfig.makePathsAbsolute(folder);
  const [cluster, user] = [kubeConfig.getCurrentCluster(), kubeConfig.getCurrentUser()];
  if (cluster === null || user === null) throw refusal('has no cluster or user for its context');
  return { cluster, user };
}

function execOf(value: unknown): ExecCommand {
  const exec = execSchema.safeParse(value);
  if (!exec.success) throw refusal(`has a command that cannot be run: ${exec.error.issues[0]?.message}`);
  if (exec.data.interactiveMode === 'Always') {
    throw refusal('has a command that needs a person (interactiveMode: Always)');
  }
  return exec.data;
}

/** As `kubectl` passes it on to a command that wants it. */
function infoOf(cluster: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const wanted = ['server', 'tls-server-name', 'certificate-authority-data', 'proxy-url'];
  const info: Record<string, unknown> = {};
  for (const field of wanted) if (isSet(cluster[field])) info[field] = cluster[field];
  const extensions = z.array(z.looseObject({ name: z.string() })).safeParse(cluster.extensions);
  const config = extensions.data?.find(one => one.name === 'client.authentication.k8s.io/exec');
  if (config !== undefined) info.config = config.extension;
  return info;
}

function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/** Kubernetes' own writers leave empty fields out, other people's write null, false or an empty text. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

function refusal(why: string): PlatformError {
  return new PlatformError(`the kubeconfig ${why}`, { transient: false });
}
