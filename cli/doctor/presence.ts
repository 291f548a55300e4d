/** Whether a provisioner runs on a journal: then its connection and its journal are left to it. */
import { existsSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import type { Health } from '../../provisioner/src/health.ts';
import { findDamage } from '../../provisioner/src/journal/check.ts';
import { type JournalContents, readJournal } from '../../provisioner/src/journal/index.ts';
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { oneLine } from '../../provisioner/src/line.ts';
import { askPresses, NotRunning } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';

/** The provisioner answers from its memory; one that is stuck does not (milliseconds). */
const answerTimeoutMs = 10_000;

/** One line for each part and platform (bytes). */
const maxAnswerBytes = 64 * 1024;

export type Presence =
  /** It answers at its control socket. */
  | { kind: 'running'; health: Health; presses: readonly PressRecord[] }
  /** It holds the journal, but cannot be asked. */
  | { kind: 'silent'; reason: string }
  /** None runs on this journal. `contents` is absent when there is no journal yet. */
  | { kind: 'none'; contents?: JournalContents }
  /** Not to be found out, because the journal cannot be opened. */
  | { kind: 'unknown'; reason: string };

/** For a line of the report, in characters. */
const maxReasonLength = 300;

const partSchema = z.union([
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), reason: z.string() }),
]);
const healthSchema: z.ZodType<Health> = z.object({
  relay: partSchema,
  journal: partSchema,
  platforms: z.record(z.string(), partSchema),
});

/** @param journal the folder. Never rejects. Opens the journal for a moment when nobody answers for it. */
export async function presenceAt(journal: string): Promise<Presence> {
  const path = controlPathOf(journal);
  try {
    // The client looks whose socket it is before it asks.
    const presses = await askPresses(path);
    return { kind: 'running', presses, health: await askHealth(path) };
  } catch (error) {
    if (!(error instanceof NotRunning))
      return { kind: 'silent', reason: oneLine(messageOf(error), maxReasonLength) };
  }
  try {
    if (!isJournal(journal)) return { kind: 'none' };
    return { kind: 'none', contents: await readJournal(journal) };
  } catch (error) {
    const reason = messageOf(error);
    const locked = /another provisioner uses/.test(reason);
    return locked
      ? { kind: 'silent', reason: `it holds the journal, but does not answer at ${path}: its log says why` }
      : { kind: 'unknown', reason };
  }
}

/** False before the first start: then nothing is opened, because that would make one. @throws SetupError for half of one. */
function isJournal(folder: string): boolean {
  if (!existsSync(folder)) return false;
  if (existsSync(join(folder, 'CURRENT'))) return true;
  readdirSync(folder);
  const damage = findDamage(folder);
  if (damage !== undefined) throw new SetupError(`the journal ${folder} is damaged: ${damage}`);
  return false;
}

function askHealth(socketPath: string): Promise<Health> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const asked = request({ socketPath, path: '/health', signal, agent: false }, response => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > maxAnswerBytes) response.destroy(new Error(`more than ${maxAnswerBytes} bytes`));
      });
      response.once('error', reject);
      response.once('end', () => {
        try {
          resolve(healthSchema.parse(JSON.parse(Buffer.concat(chunks).toString())));
        } catch {
          reject(new Error(`what answers at ${socketPath} is not a provisioner's health`));
        }
      });
    });
    asked.once('error', reject);
    asked.end();
  });
}
