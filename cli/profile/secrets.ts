/** What is a secret in a payload: by the name of its field, or by what the value looks like. */
import { isObject, type Json, type Path } from './json.ts';

const secretName =
  /passw|passphrase|pwd|secret|token|cookie|credential|private\w*key|kube_?config|api_?key|access_?key|session|csrf|xsrf|bearer|jwt|authorization|^auth$/i;

/** Private keys, JWTs, logins in URLs, headers, the platform's cookie, cloud keys, passwords inside a text. */
const secretValues = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/,
  /\beyJ[\w-]{4,}\.[\w-]{4,}\./,
  /\/\/[^/\s@]*:[^/\s@]*@/,
  /^(Bearer|Basic)\s/i,
  /CXAccessToken/i,
  /\b(AKIA|ASIA)[0-9A-Z]{16}\b/,
  /(passw(or)?d|passphrase|secret|token|client-key-data)["']?\s*[:=]/i,
  /\bsshpass\b/,
];

/** A flag about a secret is none. */
export function isSecret(key: string, value: Json): boolean {
  if (typeof value === 'boolean' || value === null) return false;
  return secretName.test(key) || isSecretValue(value);
}

/** Also a pair like `{key: 'password', value: …}`, which lists of labels and headers are made of. */
export function isSecretValue(value: Json): boolean {
  if (typeof value === 'string') return secretValues.some(one => one.test(value));
  if (!isObject(value) || !Object.hasOwn(value, 'value')) return false;
  return [value.key, value.name].some(name => typeof name === 'string' && secretName.test(name));
}

/** The places of all secrets in a part that is dropped as a whole, so that each can be named. */
export function secretsIn(value: Json, path: Path): Path[] {
  if (Array.isArray(value)) {
    return value.flatMap((one, i) => (isSecretValue(one) ? [[...path, i]] : secretsIn(one, [...path, i])));
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    isSecret(key, one) ? [[...path, key]] : secretsIn(one, [...path, key]),
  );
}
