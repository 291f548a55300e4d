/** Public keys of people: told from private ones and from anything else, and put into an order. */
import { SetupError } from '../../config/src/setup-error.ts';
import { readTextFile } from '../../config/src/yaml-file.ts';
import { isObject, type Json, member } from './json.ts';
import type { Kind } from './kind.ts';

const keyLine =
  /^((?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-[\w-]+)(?:@openssh\.com)?) ([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?$/;

/** One line of OpenSSH, and its base64 says the same type: nobody hides something else behind `ssh-rsa`. */
export function isPublicKey(text: string): boolean {
  const [, type = '', base64 = ''] = keyLine.exec(text.trim()) ?? [];
  const blob = Buffer.from(base64, 'base64');
  if (type === '' || blob.length < 4 + type.length) return false;
  return blob.readUInt32BE(0) === type.length && blob.toString('latin1', 4, 4 + type.length) === type;
}

/** Reads a `.pub` file. Throws a SetupError, without a word of the file, when it is none. */
export function publicKeyIn(path: string): string {
  const text = readTextFile(path, '--ssh-key').trim();
  if (text.includes('PRIVATE KEY')) {
    throw new SetupError(
      `--ssh-key ${path} is a private key, which stays where it is: name the .pub file beside it`,
    );
  }
  if (isPublicKey(text)) return text;
  throw new SetupError(
    `--ssh-key ${path} is no public key: expected one line like ssh-ed25519 AAAA… ada@example.net`,
  );
}

/** The order with this key everywhere that one belongs. */
export function withPublicKey(payload: Record<string, Json>, kind: Kind, key: string): Record<string, Json> {
  if (kind === 'v2') return { ...payload, ssh_key: key };
  if (kind === 'eks') return { ...payload, ssh_keys: [key] };
  const groups = member(payload, 'node_groups');
  const group = member(payload, 'master_group');
  return {
    ...payload,
    ...(isObject(group) ? { master_group: { ...group, ssh_key: key } } : {}),
    ...(Array.isArray(groups)
      ? { node_groups: groups.map(one => (isObject(one) ? { ...one, ssh_key: key } : one)) }
      : {}),
  };
}
