/** `dashbutton relay test` from the files to the table. */
import { readSecret } from '../../config/src/secret-file.ts';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { readTextFile } from '../../config/src/yaml-file.ts';
import { relayAddress, relayUrlHint } from '../../provisioner/src/uplink/relay-url.ts';
import { readDeviceFile } from '../enroll/device-file.ts';
import { type Answer, checks, type Participants, type Verdict } from './checks.ts';
import type { Login } from './peer.ts';

export interface TestOptions {
  url: string;
  otherUrl?: string;
  /** device.json of two buttons of one site, and the password file of its provisioner. */
  device: string;
  neighbour: string;
  password: string;
  /** The provisioner's login; default: the site's name. */
  user?: string;
  revoked?: string;
  ca?: string;
}

const words: Record<Verdict, string> = {
  kept: 'kept',
  lacks: 'LACKS',
  harmless: 'no harm',
  'not looked at': '-',
};

/**
 * Asks everything, one thing after the other, and tells each answer as a line.
 * @returns how many things are missing that matter.
 * @throws SetupError when a file or URL is wrong.
 */
export async function testRelay(options: TestOptions, tell: (line: string) => void): Promise<number> {
  const participants = participantsOf(options);
  const width = Math.max(...checks.map(([name]) => name.length));
  const counts = { kept: 0, lacks: 0, harmless: 0, 'not looked at': 0 };
  for (const [name, ask] of checks) {
    const { verdict, found } = await ask(participants).catch(
      (error: unknown): Answer => ({
        verdict: 'lacks',
        found: messageOf(error),
      }),
    );
    counts[verdict]++;
    tell(`${words[verdict].padEnd(8)} ${name.padEnd(width)}  ${found}`);
  }
  const { lacks, harmless } = counts;
  tell(
    lacks === 0
      ? `It has what the dash button needs${harmless === 0 ? '' : `; ${harmless} of it otherwise, which does no harm`}.`
      : `It lacks ${lacks} of ${checks.length}: docs/operating.md says what that means.`,
  );
  return lacks;
}

function participantsOf({ url, otherUrl, user, ...files }: TestOptions): Participants {
  for (const text of [url, otherUrl]) {
    if (text !== undefined && relayAddress(text) === undefined)
      throw new SetupError(`${text}: ${relayUrlHint}`);
  }
  const ca = files.ca === undefined ? {} : { ca: readTextFile(files.ca, 'the authority') };
  const loginOf = (path: string): { site: string; login: Login } => {
    const { button, site, relay } = readDeviceFile(path);
    return { site, login: { url, name: button, password: relay.password, ...ca } };
  };
  const { site, login: button } = loginOf(files.device);
  const neighbour = loginOf(files.neighbour);
  if (neighbour.site !== site || neighbour.login.name === button.name) {
    throw new SetupError(`${files.neighbour}: expected another button of the site ${site}`);
  }
  return {
    ...{ site, button, neighbour: neighbour.login, otherUrl },
    provisioner: {
      url,
      name: user ?? site,
      password: readSecret(files.password, 'the password file'),
      ...ca,
    },
    revoked: files.revoked === undefined ? undefined : loginOf(files.revoked).login,
  };
}
