/** Starts journal-child.ts and hears what it tells. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { keptEnded } from '../../provisioner/src/journal/draft.ts';
import type { Journal } from '../../provisioner/src/journal/index.ts';

export interface JournalProcess {
  child: ChildProcess;
  /** Everything told so far. */
  lines: readonly string[];
  /** SIGKILL; resolves when it has ended and everything that it told has been heard. */
  kill(): Promise<void>;
}

/** One file, made once: a process that compiles itself would take half a minute of a test with fifty of them. */
function bundled(): string {
  if (bundle !== undefined) return bundle;
  const outfile = join(mkdtempSync(join(tmpdir(), 'dashbutton-')), 'journal-child.mjs');
  // By its path, because the bundle lies elsewhere.
  const level = createRequire(import.meta.url).resolve('classic-level');
  buildSync({
    entryPoints: [fileURLToPath(new URL('journal-child.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: { 'classic-level': level },
    external: [level],
    // pino, inside, still asks for Node's modules in the old way.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    outfile,
  });
  process.once('exit', () => rmSync(dirname(outfile), { recursive: true, force: true }));
  bundle = outfile;
  return outfile;
}

let bundle: string | undefined;

export function startJournalProcess(folder: string): JournalProcess {
  const child = spawn(process.execPath, [bundled(), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', line => lines.push(line));
  const ended = Promise.all([once(child, 'close'), once(reader, 'close')]);
  return {
    child,
    lines,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** What was told as written and is not in the journal, or less far. */
export function lost(journal: Journal, lines: readonly string[]): string[] {
  const newest = new Map<string, number>();
  for (const line of lines) {
    const [kind, button = '', press = '', percent = ''] = line.split(' ');
    if (kind === 'ok') newest.set(`${button} ${press}`, Number(percent));
  }
  return [...newest].flatMap(([key, percent]) => {
    const [button = '', press = ''] = key.split(' ');
    const behind = journal.button(button).lastPress - Number(press);
    const forgotten = button.startsWith('rejected') && behind >= keptEnded;
    const record = journal.press(button, Number(press));
    return forgotten || (record !== undefined && record.percent >= percent) ? [] : [key];
  });
}
