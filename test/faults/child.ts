/** Provisioner and relay as processes that can be killed: compiled once, so that a start takes a third of a second. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

export type Program = 'provisioner-child' | 'relay-child';

/** Lines remembered of one process; it says a few. */
const maxLines = 1_000;

/** One process, from its start to its end. */
export class Child {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #running = true;
  #changed: (() => void)[] = [];

  /** @param first the first line of its standard input. */
  constructor(program: Program, first: object) {
    const process_ = spawn(process.execPath, [bundleOf(program)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#process = process_;
    // It may be killed while we write.
    process_.stdin?.on('error', () => {});
    this.send(JSON.stringify(first));
    const reader = createInterface({ input: process_.stdout });
    reader.on('line', line => {
      this.lines.push(line);
      if (this.lines.length > maxLines) this.lines.shift();
      this.#wake();
    });
    this.#ended = Promise.all([once(process_, 'exit'), once(reader, 'close')]).then(() => {
      this.#running = false;
      this.#wake();
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Resolves when it has ended, whoever ended it, and all that it said has been heard. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** How it ended; undefined while it runs. */
  get signal(): string | undefined {
    return this.#process.signalCode ?? undefined;
  }

  send(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  /** The first line that begins like this; undefined when it ends or `limitMs` is over before. */
  async line(start: string, limitMs: number): Promise<string | undefined> {
    const endMs = performance.now() + limitMs;
    for (;;) {
      const found = this.lines.find(line => line.startsWith(start));
      if (found !== undefined || !this.#running || performance.now() > endMs) return found;
      await Promise.race([
        new Promise<void>(resolve => this.#changed.push(resolve)),
        new Promise(resolve => setTimeout(resolve, 200).unref()),
      ]);
    }
  }

  /** Asks and takes the answer, which begins like this. */
  async ask(line: string, start: string, limitMs: number): Promise<string | undefined> {
    this.lines.splice(0);
    this.send(line);
    return this.line(start, limitMs);
  }

  /** SIGKILL. Resolves when it has ended. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

const bundles = new Map<Program, string>();

function bundleOf(program: Program): string {
  const known = bundles.get(program);
  if (known !== undefined) return known;
  const outdir = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  // By its path, because the bundle lies elsewhere: it has a part that is no JavaScript.
  const level = createRequire(import.meta.url).resolve('classic-level');
  buildSync({
    entryPoints: [fileURLToPath(new URL(`${program}.ts`, import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: { 'classic-level': level },
    external: [level],
    // What is loaded only when it is needed stays so: the Kubernetes client is large.
    splitting: true,
    // pino, inside, still asks for Node's modules in the old way.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    outdir,
    outExtension: { '.js': '.mjs' },
  });
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  const made = join(outdir, `${program}.mjs`);
  bundles.set(program, made);
  return made;
}
