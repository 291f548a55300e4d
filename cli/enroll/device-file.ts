/** device.json as it is written for a button and read before flashing. firmware/src/device.ts reads it on the chip. */
import { z } from 'zod';
import { SetupError } from '../../config/src/setup-error.ts';
import { checkYaml, readTextFile } from '../../config/src/yaml-file.ts';
import { boards } from '../../firmware/src/boards.ts';
import type { DeviceFile } from '../../firmware/src/device.ts';
import { keyBytes } from '../../protocol/src/messages.ts';
import { isName } from '../../protocol/src/topics.ts';

export type { DeviceFile };

/** A press ends within its deadline: each one that is dead by silence costs it 18 s. */
export const maxRelays = 3;

export const boardNames = boards.map(board => board.name);

const name = z.string().refine(isName, 'expected 1 to 20 lower-case letters, digits and inner hyphens');
const key = z
  .string('expected a key')
  .refine(text => isKey(text), `expected a key: base64 of ${keyBytes} bytes`);

const relayShape = { host: z.string().min(1), port: z.int().min(1).max(65_535), tls: z.boolean() };
const password = z.string().min(1);

/** What later firmware adds is let through: the chip looks at it, not we. */
const schema: z.ZodType<DeviceFile> = z.looseObject({
  button: name,
  site: name,
  board: z.enum(boardNames, `expected ${boardNames.join(' or ')}`),
  key,
  siteKey: key,
  relay: z.looseObject({ ...relayShape, password }),
  otherRelays: z
    .array(z.looseObject({ ...relayShape, password: password.exactOptional() }))
    .max(maxRelays - 1)
    .exactOptional(),
  wifi: z.array(z.looseObject({ ssid: z.string().min(1), password: z.string() })).min(1),
  battery: z.looseObject({ ratio: z.number().positive(), offsetMv: z.number() }).exactOptional(),
});

function isKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === keyBytes && bytes.toString('base64') === text;
}

/** Reads a device.json. Throws a SetupError that lists all its problems and none of its secrets. */
export function readDeviceFile(path: string): DeviceFile {
  const text = readTextFile(path, 'the device file');
  try {
    JSON.parse(text);
  } catch {
    throw new SetupError(`the device file ${path} is not JSON: enroll the button again with --rekey`);
  }
  return checkYaml(text, `the device file ${path}`, schema);
}

/** Its text: ASCII only, because what is not would depend on how the chip's interpreter was built. */
export function deviceText(device: DeviceFile): string {
  const ascii = JSON.stringify(device, null, 2).replace(
    /[^\n -~]/g,
    c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${ascii}\n`;
}
