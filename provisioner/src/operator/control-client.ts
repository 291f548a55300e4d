/** The command line's side of the control socket. */
import { lstatSync } from 'node:fs';
import { request } from 'node:http';
import { z } from 'zod';
import { errnoOf, messageOf, SetupError } from '../../../config/src/setup-error.ts';
import { handOutLimitMs } from '../builds/hand-out.ts';
import type { Health } from '../health.ts';
import { type PressRecord, pressRecordSchema } from '../journal/records.ts';
import { faults } from '../uplink/hop-error.ts';
import type { RefusedNotice } from '../webhooks/webhooks.ts';
import { tooLong } from './control-path.ts';

/** The provisioner answers from its memory; one that is stuck does not (milliseconds). */
const answerTimeoutMs = 10_000;

/** What it asks its platform for takes up to {@link handOutLimitMs}; its own words shall arrive (milliseconds). */
const platformTimeoutMs = handOutLimitMs + answerTimeoutMs;

/** A hundred thousand records are put into text first (milliseconds). */
const copyTimeoutMs = 60_000;

/** A journal of a hundred thousand presses (bytes). */
const maxAnswerBytes = 128 * 1024 * 1024;

/** No provisioner listens at this socket. */
export class NotRunning extends Error {
  override name = 'NotRunning';
}

const pressesSchema = z.array(pressRecordSchema);
const noticesSchema: z.ZodType<RefusedNotice[]> = z.array(
  z.object({
    ...{ webhook: z.string(), id: z.string(), at: z.string(), event: z.string() },
    ...{ button: z.string(), press: z.int(), reason: z.string() },
  }),
);
const sentSchema = z.object({ sent: z.int() });
const orderedSchema = z.object({ words: z.string() });
const partSchema = z.union([
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), reason: z.string(), fault: z.enum(faults).exactOptional() }),
]);
const healthSchema: z.ZodType<Health> = z.object({
  relay: partSchema,
  // One from before there were several says nothing of them.
  relays: z.record(z.string(), partSchema).default({}),
  quiet: z.record(z.string(), z.object({ cutAfterS: z.number(), keepAliveS: z.int() })).exactOptional(),
  journal: partSchema,
  platforms: z.record(z.string(), partSchema),
  strangers: z.array(z.string()).exactOptional(),
  // Left out by one that was started before it was counted.
  clock: z
    .object({
      count: z.int(),
      last: z.object({ at: z.number(), byMs: z.number() }).exactOptional(),
    })
    .exactOptional(),
  rival: z.object({ instance: z.string(), heardAt: z.number(), first: z.boolean() }).exactOptional(),
});
const kubeconfigSchema = z.object({ kubeconfig: z.string().min(1) });
const errorSchema = z.object({ error: z.string() });

/** @throws NotRunning, SetupError when this user may not ask, Error when there is no proper answer. */
export async function askPresses(path: string): Promise<PressRecord[]> {
  return parse(pressesSchema, (await ask(path, 'GET', '/presses')).body);
}

/** How every part of the running provisioner is doing. @throws as {@link askPresses}. */
export async function askHealth(path: string): Promise<Health> {
  return parse(healthSchema, (await ask(path, 'GET', '/health')).body);
}

/** The text of a copy of the journal, taken while the provisioner runs: see journal/copy.ts. @throws as {@link askPresses}. */
export async function askCopy(path: string): Promise<string> {
  const { status, body } = await ask(path, 'GET', '/journal', '', copyTimeoutMs);
  // A provisioner that was started before this route was made.
  if (status !== 200) throw otherVersion();
  return body;
}

/** Notices that a webhook has refused for good. @throws as {@link askPresses}. */
export async function askRefusedNotices(path: string): Promise<RefusedNotice[]> {
  return parse(noticesSchema, (await ask(path, 'GET', '/notices')).body);
}

/** Has refused notices sent again, all without `ids`. @returns how many. @throws as {@link askPresses}. */
export async function sendNoticesAgain(path: string, ids?: readonly string[]): Promise<number> {
  const { body } = await ask(path, 'POST', '/notices', JSON.stringify(ids === undefined ? {} : { ids }));
  return parse(sentSchema, body).sent;
}

/**
 * Has a cluster given back. Resolves, once the order is on disk, with what is being done, as a sentence.
 * @throws as {@link askPresses}; SetupError with the provisioner's words when it may not be given back.
 */
export async function orderRelease(path: string, cluster: string): Promise<string> {
  const { status, body } = await ask(path, 'POST', '/release', JSON.stringify({ cluster }));
  if (status === 202) return parse(orderedSchema, body).words;
  const { error } = parse(errorSchema, body);
  throw status === 409 ? new SetupError(error) : new Error(error);
}

/**
 * The kubeconfig of a ready cluster. Secret.
 * @throws as {@link askPresses}; SetupError with the provisioner's words when there is none to hand out.
 */
export async function askKubeconfig(path: string, cluster: string): Promise<string> {
  const question = JSON.stringify({ cluster });
  const { status, body } = await ask(path, 'POST', '/kubeconfig', question, platformTimeoutMs);
  if (status === 200) return parse(kubeconfigSchema, body).kubeconfig;
  // A provisioner that was started before this route was made.
  if (status === 404) throw otherVersion();
  const { error } = parse(errorSchema, body);
  throw status === 409 ? new SetupError(error) : new Error(error);
}

function parse<T>(schema: z.ZodType<T>, body: string): T {
  try {
    return schema.parse(JSON.parse(body));
  } catch {
    throw otherVersion();
  }
}

function otherVersion(): Error {
  return new Error('the provisioner that runs answers otherwise than this version does: restart it');
}

async function ask(
  path: string,
  method: string,
  to: string,
  body = '',
  timeoutMs = answerTimeoutMs,
): Promise<{ status: number; body: string }> {
  checkOwner(path);
  try {
    return await call(path, method, to, body, timeoutMs);
  } catch (error) {
    // ECONNRESET: it ended while we asked.
    const gone = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(errnoOf(error) ?? '');
    if (gone) throw new NotRunning(`no provisioner answers at ${path}`);
    if (errnoOf(error) === 'EACCES')
      throw new SetupError(`this user may not ask ${path}: run it as its owner`);
    throw new Error(`the provisioner at ${path} gives no answer: ${messageOf(error)}`);
  }
}

/** Whoever may write into the folder could have put a socket of their own there. */
function checkOwner(path: string): void {
  if (tooLong(path) !== undefined) throw new NotRunning(`no provisioner can listen at ${path}`);
  const me = process.getuid?.();
  const owner = ownerOf(path);
  // The administrator may ask everybody's provisioner.
  if (me === undefined || owner === me || me === 0) return;
  throw new SetupError(`${path} belongs to user ${owner}, this runs as ${me}: run it as that user`);
}

function ownerOf(path: string): number {
  try {
    return lstatSync(path).uid;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new NotRunning(`no provisioner listens at ${path}`);
    throw new SetupError(`${path} cannot be looked at: ${messageOf(error)}`);
  }
}

function call(
  socketPath: string,
  method: string,
  path: string,
  body: string,
  timeoutMs: number,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request({ socketPath, method, path, headers, signal, agent: false }, response => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > maxAnswerBytes) response.destroy(new Error(`more than ${maxAnswerBytes} bytes`));
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
