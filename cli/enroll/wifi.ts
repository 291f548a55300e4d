/** The networks that a button may join: from a file, checked; and what to know about their names. */
import { z } from 'zod';
import { readYamlFile } from '../../config/src/yaml-file.ts';

export interface Network {
  ssid: string;
  /** Empty for an open network. */
  password: string;
}

/** The button tries one after the other, seconds each: a list that is longer keeps a person waiting. */
export const maxNetworks = 8;

/** IEEE 802.11: a name has at most 32 bytes. */
const maxSsidBytes = 32;

/** What is wrong with a network's name, or undefined. */
export function ssidProblem(ssid: string): string | undefined {
  if (ssid === '') return 'expected the name of a network';
  if (ssid.includes('’')) {
    return "has a typographic apostrophe ’, which the button can neither hold nor show: rename the phone with a plain ' or none";
  }
  const wide = [...ssid].find(character => character > '\xff');
  if (wide !== undefined)
    return `has the character ${wide}: the chip's strings are 8-bit, rename the network`;
  if (Buffer.byteLength(ssid) > maxSsidBytes) return `is longer than ${maxSsidBytes} bytes`;
  return undefined;
}

/** What is wrong with a password, or undefined. Never repeats it. */
export function passwordProblem(password: string): string | undefined {
  if (password === '' || /^([ -~]{8,63}|[0-9A-Fa-f]{64})$/.test(password)) return undefined;
  return 'expected 8 to 63 ASCII characters (or 64 hexadecimal digits), or nothing for an open network';
}

/** What a person should know about a name that is right as far as we can see. */
export function ssidHint(ssid: string): string | undefined {
  if (ssid.includes("'")) {
    return `"${ssid}" has a plain apostrophe: phones like to write ’ there, which looks the same and is another name`;
  }
  if (/[^ -~]/.test(ssid)) {
    return `"${ssid}" has letters beyond ASCII: joined as UTF-8, as phones do; the display cannot draw them`;
  }
  return undefined;
}

/** As the chip holds it: one 8-bit character per byte that is on the air. */
export function onTheAir(network: Network): Network {
  return { ...network, ssid: Buffer.from(network.ssid, 'utf8').toString('latin1') };
}

/** The other way round: as a person wrote it. */
export function asWritten(network: Network): Network {
  return { ...network, ssid: Buffer.from(network.ssid, 'latin1').toString('utf8') };
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
