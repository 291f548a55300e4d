/**
 * The one reader of kubeconfigs: which cluster and user count, and what is refused. The operator's own file may name
 * files and commands. A text that a platform has given may not: it would make the provisioner run something, or send any
 * file of this machine as a token. The result has the client library's types; the library's own reader is not used, see
 * docs/decisions/0033.
 */
import { isAbsolute, join } from 'node:path';
import type { Cluster, User } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { z } from 'zod';
import { oneLine } from '../common/line.ts';
import { PlatformError } from '../common/platform.ts';
import { type ExecCommand, execSchema } from './exec-plugin.ts';

/** Secret: never logged, never in an error. */
export interface ChosenContext {
  /** Without `caData` and `caFile`, the authorities are those that this system trusts. */
  cluster: Cluster;
  /**
   * @throws PlatformError for what is refused of the user alone: whether a cluster answers can be asked without him.
   */
  user(): ChosenUser;
  /** The cluster in the words of KUBERNETES_EXEC_INFO. */
  info: Record<string, unknown>;
}

/** Paths in it are absolute. Secret. */
export interface ChosenUser {
  user: User;
  exec?: ExecCommand;
  tokenFile?: string;
}

export interface KubeconfigOptions {
  /** Of the operator's own file: from here count relative paths. Left out: a platform has given the text. */
  folder?: string;
  /** Left out: the current context. */
  context?: string;
}

const named = z.looseObject({ name: z.string() });
const entry = z.looseObject({}).nullish();
const configSchema = z.looseObject({
  'current-context': z.string().nullish(),
  contexts: z.array(named.extend({ context: entry })).catch([]),
  clusters: z.array(named.extend({ cluster: entry })).catch([]),
  users: z.array(named.extend({ user: entry })).catch([]),
});

/** What other people's writers leave empty is not there; a long base64 may stand on several lines. */
const text = z
  .string()
  .nullish()
  .transform(value => value || undefined);
const base64 = text.transform(value => value?.replace(/\s/g, '')).pipe(z.base64().optional());
const clusterSchema = z.looseObject({
  server: text,
  'certificate-authority': text,
  'certificate-authority-data': base64,
  'tls-server-name': text,
  'proxy-url': text,
});
const userSchema = z.looseObject({
  token: text,
  tokenFile: text,
  // What the kubeconfig's own specification does not know, but client libraries read.
  'token-file': text,
  'client-certificate': text,
  'client-certificate-data': base64,
  'client-key': text,
  'client-key-data': base64,
  as: text,
});

/** What would be done otherwise than people think, or not at all; why, and what to do. */
const refusedInUser: Record<string, string> = {
  'auth-provider': 'has an auth-provider, which Kubernetes has given up: use an exec command or a token',
  username: 'has a user name and password, which Kubernetes has not known since 1.19: use a token',
  'as-groups': 'wants to act in groups (as-groups), which is not done here',
  'as-uid': 'wants to act with a uid (as-uid), which is not done here',
  'as-user-extra': 'wants to act with extra fields (as-user-extra), which is not done here',
};

/** The same of a text that a platform has given, beside exec. */
const refusedOfPlatform: Record<string, string> = {
  tokenFile: 'names a file for the token, which is not read here',
  'token-file': 'names a file for the token, which is not read here',
  'client-certificate': 'names a file for the certificate, which is not read here',
  'client-key': 'names a file for the key, which is not read here',
  as: 'wants to act as somebody else (as), which is not done here',
};

/** A name in an error, in characters. */
const maxNameLength = 60;

/** The names of all contexts, and the current one (maybe empty). @throws PlatformError when it is no kubeconfig. */
export function contextsIn(source: string): { names: string[]; current: string } {
  const config = parsed(source, refuse);
  return { names: config.contexts.map(({ name }) => name), current: config['current-context'] ?? '' };
}

/**
 * The context's cluster and user.
 * @throws PlatformError, with nothing of the text in it but names. Of a platform's text: transient when it is not whole
 *   (it may be written a moment later).
 */
export function readKubeconfig(source: string, { folder, context }: KubeconfigOptions = {}): ChosenContext {
  // What a person has written stays as it is.
  const unfinished = (why: string) => refuse(why, folder === undefined);
  const config = parsed(source, unfinished);
  const name = context ?? config['current-context'] ?? '';
  const chosen = config.contexts.find(one => one.name === name)?.context;
  const shown = oneLine(name, maxNameLength);
  if (!chosen) throw unfinished(name === '' ? 'has no current-context' : `has no context ${shown}`);
  const cluster = config.clusters.find(one => one.name === chosen.cluster)?.cluster;
  const user = config.users.find(one => one.name === chosen.user)?.user;
  if (!cluster) throw unfinished(`has no cluster for the context ${shown}`);
  return {
    cluster: clusterOf(cluster, String(chosen.cluster), folder, unfinished),
    user: () => {
      if (!user) throw unfinished(`has no user for the context ${shown}`);
      return userOf(user, String(chosen.user), folder, unfinished);
    },
    info: infoOf(cluster),
  };
}

type Entry = Readonly<Record<string, unknown>>;
type Complain = (why: string) => PlatformError;

function parsed(source: string, complain: Complain): z.infer<typeof configSchema> {
  let value: unknown;
  try {
    value = parse(source, { maxAliasCount: 100, logLevel: 'error' });
  } catch {
    // The parser's own words show a piece of the text, those of its warnings (of an unknown tag) too.
    throw complain('is not YAML');
  }
  const config = configSchema.safeParse(value);
  if (!config.success) throw complain('is not a kubeconfig: it has no contexts');
  return config.data;
}

function clusterOf(raw: Entry, name: string, folder: string | undefined, unfinished: Complain): Cluster {
  if (isSet(raw['insecure-skip-tls-verify'])) {
    const what = 'wants the certificate unchecked (insecure-skip-tls-verify), which is never done';
    throw refuse(`${what}: give certificate-authority-data instead`);
  }
  if (folder === undefined && isSet(raw['certificate-authority'])) {
    throw refuse('names a file for the authority, which is not read here');
  }
  const cluster = clusterSchema.safeParse(raw);
  if (!cluster.success) throw unfinished(`has a cluster with a wrong ${wrongIn(cluster.error)}`);
  const { server = '', 'certificate-authority-data': caData, 'certificate-authority': caFile } = cluster.data;
  const { 'tls-server-name': tlsServerName, 'proxy-url': proxyUrl } = cluster.data;
  if (!URL.canParse(server)) throw unfinished('names no server');
  const url = new URL(server);
  if (url.protocol !== 'https:') throw refuse('names a server without TLS, which is not talked to');
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw refuse('names a server with more than host, port and path');
  }
  return {
    name,
    server: server.replace(/\/+$/, ''),
    skipTLSVerify: false,
    ...(caData === undefined ? {} : { caData }),
    ...(caFile === undefined || caData !== undefined ? {} : { caFile: absolute(folder, caFile) }),
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  };
}

function userOf(raw: Entry, name: string, folder: string | undefined, unfinished: Complain): ChosenUser {
  if (folder === undefined && isSet(raw.exec)) {
    const command = z.looseObject({ command: z.string() }).safeParse(raw.exec).data?.command ?? '(none)';
    throw notForUs(`wants the command ${oneLine(command, maxNameLength)}, which is not run here`);
  }
  for (const [field, why] of Object.entries(refusedInUser)) if (isSet(raw[field])) throw refuse(why);
  for (const [field, why] of Object.entries(folder === undefined ? refusedOfPlatform : {})) {
    if (isSet(raw[field])) throw notForUs(why);
  }
  const user = userSchema.safeParse(raw);
  if (!user.success) throw unfinished(`has a user with a wrong ${wrongIn(user.error)}`);
  const { token, as, 'client-certificate-data': certData, 'client-key-data': keyData } = user.data;
  const { 'client-certificate': certFile, 'client-key': keyFile } = user.data;
  const tokenFile = user.data.tokenFile ?? user.data['token-file'];
  if (folder === undefined && !token && !(certData && keyData)) {
    throw unfinished('has a user with neither a token nor a certificate and its key');
  }
  return {
    user: {
      name,
      ...(token === undefined ? {} : { token }),
      ...(certData === undefined ? {} : { certData }),
      ...(certFile === undefined ? {} : { certFile: absolute(folder, certFile) }),
      ...(keyData === undefined ? {} : { keyData }),
      ...(keyFile === undefined ? {} : { keyFile: absolute(folder, keyFile) }),
      ...(as === undefined ? {} : { impersonateUser: as }),
    },
    ...(isSet(raw.exec) ? { exec: execOf(raw.exec) } : {}),
    ...(tokenFile === undefined ? {} : { tokenFile: absolute(folder, tokenFile) }),
  };
}

function execOf(value: unknown): ExecCommand {
  const exec = execSchema.safeParse(value);
  if (!exec.success) throw refuse(`has a command that cannot be run: ${exec.error.issues[0]?.message}`);
  if (exec.data.interactiveMode === 'Always') {
    throw refuse('has a command that needs a person (interactiveMode: Always)');
  }
  return exec.data;
}

/** As `kubectl` passes it on to a command that wants it. */
function infoOf(cluster: Entry): Record<string, unknown> {
  const wanted = ['server', 'tls-server-name', 'certificate-authority-data', 'proxy-url'];
  const info: Record<string, unknown> = {};
  for (const field of wanted) if (isSet(cluster[field])) info[field] = cluster[field];
  const extensions = z.array(z.looseObject({ name: z.string() })).safeParse(cluster.extensions);
  const config = extensions.data?.find(one => one.name === 'client.authentication.k8s.io/exec');
  if (config !== undefined) info.config = config.extension;
  return info;
}

function absolute(folder = '', path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/** The field's name, not what is in it. */
function wrongIn(error: z.ZodError): string {
  return String(error.issues[0]?.path[0] ?? 'field');
}

/** Kubernetes' own writers leave empty fields out, other people's write null, false or an empty text. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

function notForUs(why: string): PlatformError {
  return refuse(`${why}; switch nodesReady and manifests off for this profile, or give a user with a token`);
}

function refuse(why: string, transient = false): PlatformError {
  return new PlatformError(`the kubeconfig ${why}`, { transient });
}
