/** The networks that a button may join: from a file, checked; and what to know about their names. */
import { z } from 'zod';
import { readYamlFile } from '../../config/src/yaml-file.ts';
import { plain } from '../../firmware/src/plain.ts';

export interface Network {
  ssid: string;
  /** Empty for an open network. */
  password: string;
}

/**
 * The button tries one after the other, seconds each, and holds all of them in its memory, which is measured with so many
 * (cli/flash/fitness.ts).
 */
export const maxNetworks = 5;

/** The standard (IEEE 802.11) allows a name one byte more; the chip cuts there (jswrap_esp32_network.c). */
const maxSsidBytes = 31;

/** The same with a key: it may be 64 hexadecimal digits, of which the chip takes 63. */
const maxKeyLength = 63;

/** What is wrong with a network's name, or undefined. */
export function ssidProblem(ssid: string): string | undefined {
  if (ssid === '') return 'expected the name of a network';
  if (/\p{Cc}/u.test(ssid)) return 'has a control character in it, and the chip cuts a name there';
  const bytes = Buffer.byteLength(ssid);
  if (bytes > maxSsidBytes) {
    const why = bytes === ssid.length ? '' : ' (letters beyond ASCII are 2 to 4 bytes each)';
    return `has ${bytes} bytes${why}, and the chip cuts a name at ${maxSsidBytes}: give the network a shorter one`;
  }
  return undefined;
}

/** What is wrong with a password, or undefined. Never repeats it. */
export function passwordProblem(password: string): string | undefined {
  if (/^[0-9A-Fa-f]{64}$/.test(password)) {
    return `is a key of 64 hexadecimal digits, and the chip cuts it at ${maxKeyLength}: give the password that it was made of, or the network another`;
  }
  if (password.length > maxKeyLength) {
    return `is longer than ${maxKeyLength} characters, and the chip cuts it there`;
  }
  if (password === '' || /^[ -~]{8,}$/.test(password)) return undefined;
  return `expected 8 to ${maxKeyLength} ASCII characters, or nothing for an open network`;
}

/** What a person should know about a name that is right as far as we can see. */
export function ssidHint(ssid: string): string | undefined {
  if (ssid.includes("'")) {
    return `"${ssid}" has a plain apostrophe: phones like to write ’ there, which looks the same and is another name`;
  }
  if (/[^ -~]/.test(ssid)) {
    const shown = plain(bytesOf(ssid));
    return `"${ssid}" is joined as it is, in UTF-8, as phones send it; the display shows it as "${shown}"`;
  }
  return undefined;
}

/** As the chip holds it: one 8-bit character per byte that is on the air. */
export function onTheAir(network: Network): Network {
  return { ...network, ssid: bytesOf(network.ssid) };
}

function bytesOf(ssid: string): string {
  return Buffer.from(ssid, 'utf8').toString('latin1');
}

/** The other way round: as a person wrote it. */
export function asWritten(network: Network): Network {
  return { ...network, ssid: Buffer.from(network.ssid, 'latin1').toString('utf8') };
}

/** What the chip would cut of the networks of a device.json, which may be from before this was known. */
export function networkProblems(networks: readonly Network[]): string[] {
  return networks.map(asWritten).flatMap(({ ssid, password }) => {
    const problem = ssidProblem(ssid) ?? passwordProblem(password);
    return problem === undefined ? [] : [`the network "${ssid}": ${problem}`];
  });
}

const networkSchema = z.strictObject(
  {
    ssid: checked(ssidProblem, 'expected text: put the name in quotes'),
    password: checked(passwordProblem, 'expected text: put it in quotes').default(''),
  },
  { error: issue => (issue.code === 'invalid_type' ? 'expected ssid and password' : undefined) },
);

const fileSchema: z.ZodType<Network[]> = z
  .array(networkSchema, 'expected a list of networks, each with ssid and password')
  .min(1, 'expected at least one network')
  .max(maxNetworks, `expected at most ${maxNetworks} networks`);

function checked(problem: (text: string) => string | undefined, noText: string) {
  return z.string(noText).superRefine((text, context) => {
    const message = problem(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** Reads a Wi-Fi file: a YAML list of `{ssid, password}`. */
export function readWifiFile(path: string): Network[] {
  return readYamlFile(path, 'the Wi-Fi file', fileSchema);
}
