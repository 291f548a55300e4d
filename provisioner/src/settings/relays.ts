/** The relays in the settings: `relays`, a list, or `relay`, which is a list of one; each with its own way out. */
import { z } from 'zod';
import { SetupError } from '../../../config/src/setup-error.ts';
import { nameSchema } from '../../../protocol/src/node/schemas.ts';
import type { SettingsFiles } from '../common/settings-files.ts';
import type { ProxyAddress, RelayAddress, RelayLogin } from '../uplink/addresses.ts';
import { defaultKeepAliveS } from '../uplink/connection.ts';
import { type Environment, noProxyComplaints, proxyFor } from '../uplink/proxy-env.ts';
import { noProxy, proxyAddress, proxyUrlProblem } from '../uplink/proxy-url.ts';
import { relayAddress, relayUrlHint } from '../uplink/relay-url.ts';

/** One holds some 20,000 buttons; a provisioner with a million of them is many provisioners. */
const maxRelays = 64;

/** A path; relative ones are meant from the settings file's folder. */
const file = z.string().min(1, 'expected a path');

const relayUrl = z.string().refine(text => relayAddress(text) !== undefined, relayUrlHint);

/** The problem is named by its text, so that a password in the URL gets its own message and is not repeated. */
const proxyUrl = z.string().superRefine((text, context) => {
  const message = proxyProblem(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** The way out: at a relay, or above for all that have none of their own. */
export const wayOutShape = {
  proxy: proxyUrl
    .describe(
      'The way out of the lab: http://user@host:port (CONNECT), https:// (the same over TLS to the proxy), socks5://user@host:port, or none for a direct one. Default: what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say.',
    )
    .exactOptional(),
  proxyPasswordFile: file.describe("The proxy's password.").exactOptional(),
  proxyCa: file.describe('PEM of the authority of an https:// proxy.').exactOptional(),
};

type WayOut = { proxy?: string; proxyPasswordFile?: string; proxyCa?: string };

const relaySchema = z.strictObject({
  url: relayUrl.describe('mqtt:// or mqtts://host:port, ws:// or wss://host:port/path (default /mqtt).'),
  user: nameSchema.describe("The provisioner's login, as enroll wrote it into the users file."),
  passwordFile: file.describe('Its password.'),
  ca: file.describe("PEM of the relay's authority. Default: the system's.").exactOptional(),
  keepAliveS: z
    .int()
    .min(5)
    .max(300)
    .meta({
      description:
        'A connection is given up after one and a half times that long without a word. Shorter ones are learned by themselves.',
      default: defaultKeepAliveS,
    })
    .exactOptional(),
  ...wayOutShape,
});

type RelaySettings = z.infer<typeof relaySchema>;

/** One of both; the settings' cross checks see to that. */
export const relaysShape = {
  relay: relaySchema.describe('The relay in the cloud; or several in `relays`.').exactOptional(),
  relays: z
    .array(relaySchema)
    .min(1)
    .max(maxRelays)
    .describe('Relays that share nothing. All are connected to, and one that answers is enough for a press.')
    .exactOptional(),
};

/** What has to be said of relays: settings as they stand in the file. */
export type RelaysOf = { relay?: RelaySettings; relays?: RelaySettings[] } & WayOut;

/** Each relay as it stands in the settings, and where. */
export function relaysIn({ relay, relays = [] }: RelaysOf): { path: string; relay: RelaySettings }[] {
  return [
    ...(relay === undefined ? [] : [{ path: 'relay', relay }]),
    ...relays.map((relay, i) => ({ path: `relays.${i}`, relay })),
  ];
}

/** Where a relay's way out is said: at the relay itself, or else at the top. Empty: nowhere, so the environment counts. */
export function wayOutPath(settings: RelaysOf, index: number): string | undefined {
  const { path, relay } = relaysIn(settings)[index] ?? {};
  if (relay?.proxy !== undefined) return `${path}.`;
  return settings.proxy === undefined ? undefined : '';
}

/** The relays with their secrets; a file that cannot be read is collected. */
export function relayLogins(settings: RelaysOf, files: SettingsFiles, env: Environment): RelayLogin[] {
  return relaysIn(settings).map(({ path, relay }) => {
    const address: RelayAddress = {
      ...addressOf(relay.url),
      ...(relay.ca === undefined ? {} : { ca: files.pem(relay.ca, `${path}.ca`) }),
    };
    const own = relay.proxy !== undefined;
    const way = own ? relay : settings;
    const proxy =
      way.proxy === undefined
        ? files.collect(() => proxyFor(address, env), undefined, path)
        : proxyOf(way, own ? `${path}.` : '', files);
    return {
      ...address,
      ...(relay.keepAliveS === undefined ? {} : { keepAliveS: relay.keepAliveS }),
      user: relay.user,
      password: files.secret(relay.passwordFile, `${path}.passwordFile`),
      ...(proxy === undefined ? {} : { proxy }),
    };
  });
}

/** What is not understood of the environment, and yet keeps nobody from running. */
export function relayWarnings(settings: RelaysOf, env: Environment): string[] {
  const asking = relaysIn(settings).filter((_, i) => wayOutPath(settings, i) === undefined);
  return asking.flatMap(({ relay }) => noProxyComplaints(addressOf(relay.url), env));
}

/** The schema has seen that the URL is one. */
function addressOf(url: string): RelayAddress {
  const relay = relayAddress(url);
  if (relay === undefined) throw new SetupError(`relay.url: ${relayUrlHint}`);
  return relay;
}

/** The proxy of the settings with its secrets; undefined for `none`. */
function proxyOf(
  { proxy = noProxy, proxyPasswordFile, proxyCa }: WayOut,
  at: string,
  files: SettingsFiles,
): ProxyAddress | undefined {
  const way = proxyAddress(proxy);
  if (way === undefined) return undefined;
  return {
    ...way,
    ...(proxyPasswordFile === undefined
      ? {}
      : { password: files.secret(proxyPasswordFile, `${at}proxyPasswordFile`) }),
    ...(proxyCa === undefined ? {} : { ca: files.pem(proxyCa, `${at}proxyCa`) }),
  };
}

function proxyProblem(text: string): string | undefined {
  if (text === noProxy) return undefined;
  const proxy = proxyAddress(text);
  if (proxy === undefined) return proxyUrlProblem(text);
  if (proxy.password !== undefined)
    return 'holds a password: put it into a file and name that with proxyPasswordFile';
  return undefined;
}
