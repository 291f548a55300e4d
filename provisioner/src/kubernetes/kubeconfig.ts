/** Takes out of a kubeconfig what is needed to talk to its cluster, and refuses whatever would do more than talk. */
import { parse } from 'yaml';
import { z } from 'zod';
import { oneLine } from '../line.ts';
import { PlatformError } from '../platforms/platform.ts';

/** Where the cluster is and how to log in. Secret: never logged, never in an error. */
export interface Credentials {
  server: string;
  /** PEM of the only authority that is trusted. */
  ca: string;
  /** The name that the server's certificate has to show when it is not the one in `server`. */
  serverName?: string;
  token?: string;
  /** PEM of the client's certificate and key. */
  client?: { cert: string; key: string };
}

const named = z.looseObject({ name: z.string() });
const configSchema = z.looseObject({
  'current-context': z.string().min(1),
  contexts: z.array(named.extend({ context: z.looseObject({ cluster: z.string(), user: z.string() }) })),
  clusters: z.array(named.extend({ cluster: z.looseObject({}) })),
  users: z.array(named.extend({ user: z.looseObject({}) })),
});

const secretText = z.string().min(1).exactOptional();
const base64 = z.base64().min(1);
const clusterSchema = z.looseObject({
  server: z.url({ protocol: /^https$/ }),
  'certificate-authority-data': base64,
  'tls-server-name': z.string().min(1).exactOptional(),
});
const userSchema = z.looseObject({
  token: secretText,
  'client-certificate-data': base64.exactOptional(),
  'client-key-data': base64.exactOptional(),
});

/** The command or plug-in of a user entry, by name only: its arguments may be secrets. */
const execSchema = z.looseObject({ command: z.string() });
const providerSchema = z.looseObject({ name: z.string() });

/** Fields that make a client read a file of this machine, or go another way. Why each is refused, in a few words. */
const refusedInCluster: Record<string, string> = {
  'insecure-skip-tls-verify': 'wants the certificate unchecked, which is never done',
  'certificate-authority': 'names a file for the authority, which is not read here',
  'proxy-url': 'wants a proxy, and clusters are reached directly',
};
const refusedInUser: Record<string, string> = {
  tokenFile: 'names a file for the token, which is not read here',
  // What the kubeconfig's own specification does not know, but client libraries read.
  'token-file': 'names a file for the token, which is not read here',
  'client-certificate': 'names a file for the certificate, which is not read here',
  'client-key': 'names a file for the key, which is not read here',
  username: 'wants a login by name and password, which Kubernetes has not had since 1.19',
  as: 'wants to act as somebody else, which is not done here',
};

const whatToDo = 'switch nodesReady and manifests off for this profile, or give a user with a token';

/**
 * The current context's cluster and user.
 *
 * A client library's own reader is not used on purpose: it runs commands, reads files that the text names (a platform
 * could so be sent any file of this machine as a token) and takes proxies from it.
 * @throws PlatformError: transient when it is not a whole kubeconfig (it may be written a moment later), else for
 *   what is refused. No value of the kubeconfig is in the message but the names of commands and plug-ins.
 */
export function credentialsOf(text: string): Credentials {
  const config = configSchema.safeParse(parseYaml(text));
  if (!config.success) throw unfinished('has no current context, cluster and user');
  const { contexts, clusters, users, 'current-context': current } = config.data;
  const context = contexts.find(({ name }) => name === current)?.context;
  const cluster = clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = users.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined)
    throw unfinished('has no current context, cluster and user');
  refuseCommands(user);
  refuse(cluster, refusedInCluster);
  refuse(user, refusedInUser);
  return read(cluster, user);
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch {
    // The parser's own words show a piece of the text.
    throw unfinished('is not YAML');
  }
}

function read(clusterEntry: object, userEntry: object): Credentials {
  if (String('server' in clusterEntry ? clusterEntry.server : '').startsWith('http:')) {
    throw refusal('names a server without TLS (http), which is not talked to');
  }
  const cluster = clusterSchema.safeParse(clusterEntry);
  if (!cluster.success) throw unfinished('names no https server with the data of its authority');
  const user = userSchema.safeParse(userEntry);
  if (!user.success) throw unfinished('has a user whose token, certificate or key cannot be read');
  const { server, 'certificate-authority-data': ca, 'tls-server-name': serverName } = cluster.data;
  const { token, 'client-certificate-data': cert, 'client-key-data': key } = user.data;
  const client = cert === undefined || key === undefined ? undefined : { cert: plain(cert), key: plain(key) };
  if (token === undefined && client === undefined) {
    throw unfinished('has a user with neither a token nor a certificate and its key');
  }
  return {
    server,
    ca: plain(ca),
    ...(serverName === undefined ? {} : { serverName }),
    ...(token === undefined ? {} : { token }),
    ...(client === undefined ? {} : { client }),
  };
}

/** A platform must not make the provisioner run something. */
function refuseCommands(user: Readonly<Record<string, unknown>>): void {
  if (isSet(user.exec)) {
    const exec = execSchema.safeParse(user.exec);
    const command = exec.success ? oneLine(exec.data.command, maxNameLength) : '(none)';
    throw refusal(`wants the command ${command}, which is not run here`);
  }
  if (isSet(user['auth-provider'])) {
    const provider = providerSchema.safeParse(user['auth-provider']);
    const name = provider.success ? oneLine(provider.data.name, maxNameLength) : '(none)';
    throw refusal(`wants the login plug-in ${name}, which is not run here`);
  }
}

/** A command's or plug-in's name in an error, in characters. */
const maxNameLength = 60;

function refuse(entry: Readonly<Record<string, unknown>>, reasons: Record<string, string>): void {
  for (const [field, why] of Object.entries(reasons)) {
    if (isSet(entry[field])) throw refusal(why);
  }
}

/** Kubernetes' own writers leave empty fields out, other people's write null, false or an empty text. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

function plain(data: string): string {
  return Buffer.from(data, 'base64').toString('latin1');
}

function refusal(why: string): PlatformError {
  return new PlatformError(`kubeconfig ${why}; ${whatToDo}`, { transient: false });
}

function unfinished(why: string): PlatformError {
  return new PlatformError(`kubeconfig ${why}`, { transient: true });
}
