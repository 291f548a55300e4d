/** The Node side of the protocol: sign with node:crypto, and let zod look at every byte that arrives. */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { keyBytes, maxMessageBytes } from '../messages.ts';
import { open, type SigningKey, seal, signingKey } from '../sign.ts';

function sha256(bytes: string): string {
  return createHash('sha256').update(bytes, 'latin1').digest().toString('latin1');
}

/** A signing key from its 32 raw bytes. Throws when there are more or fewer. */
export function keyFromBytes(bytes: Uint8Array): SigningKey {
  if (bytes.length !== keyBytes) {
    throw new Error(`A signing key has ${keyBytes} bytes, this one has ${bytes.length}`);
  }
  return signingKey(sha256, Buffer.from(bytes).toString('latin1'));
}

/** The payload for a message: JSON, signed for its topic. Throws when it is over the wire's limit. */
export function encode(key: SigningKey, topic: string, message: object): Buffer {
  const payload = Buffer.from(seal(key, topic, JSON.stringify(message)), 'latin1');
  if (payload.length > maxMessageBytes) {
    throw new Error(
      `The message for ${topic} has ${payload.length} bytes, the protocol allows ${maxMessageBytes}`,
    );
  }
  return payload;
}

/** Why a payload was not taken. */
export type Refusal = 'too long' | 'bad signature' | 'bad body';

/** A payload that was taken, or why not; `detail` names the field, for a log. */
export type Decoded<T> = { ok: true; message: T } | { ok: false; reason: Refusal; detail: string };

/** Checks a payload from the wire: length, signature, JSON, schema, in this order. Never throws. */
export function decode<T>(
  key: SigningKey,
  topic: string,
  payload: Uint8Array,
  schema: z.ZodType<T>,
): Decoded<T> {
  if (payload.length > maxMessageBytes) {
    return {
      ok: false,
      reason: 'too long',
      detail: `${payload.length} bytes, at most ${maxMessageBytes} are read`,
    };
  }
  const json = open(key, topic, Buffer.from(payload).toString('latin1'));
  if (json === undefined) {
    return { ok: false, reason: 'bad signature', detail: 'not signed with this key for this topic' };
  }
  const body = parseJson(json);
  if (body === undefined) return { ok: false, reason: 'bad body', detail: 'not JSON' };
  const checked = schema.safeParse(body);
  if (checked.success) return { ok: true, message: checked.data };
  const issue = checked.error.issues[0];
  return { ok: false, reason: 'bad body', detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
