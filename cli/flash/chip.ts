/**
 * The interpreter on the chip, asked one line at a time: each line has a number, is at most {@link typedBytes} long, and
 * its answer, with the same number, is waited for before the next one goes. So nothing is lost in the chip's input ring
 * while it writes its flash.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { SetupError } from '../../config/src/setup-error.ts';
import { askReport, type ChipReport, reportFrom } from './chip-report.ts';
import { type Console, openConsole, typedBytes } from './console.ts';
import { FlashError } from './flash-error.ts';

/** All in milliseconds. */
export interface Limits {
  /** A report reads all of Storage: a second or two. */
  reportMs: number;
  /** A piece is written in some ten milliseconds; when Storage has to be made room in first, in 10 to 20 s (calculated). */
  pieceMs: number;
  /** From switching Bluetooth off to a chip that answers again. */
  restartMs: number;
}

export const usualLimits: Limits = { reportMs: 4_000, pieceMs: 30_000, restartMs: 30_000 };

/** Opening a port may reset the board, and a line may lose a character: so often is everything asked. */
const tries = 3;

/** What breaks off a program, or a line that has lost its end, and for how long the chip then does not listen. */
const interrupt = '\x03';
const interruptMs = 250;

/** Until a reset of the interpreter is through. What is typed meanwhile waits in the ring. */
const resetMs = 500;

/** At the beginning of a line: the chip does not echo it. */
const noEcho = '\x10';

const mark = '@dashbutton';

/** The answer with that number, in what the console showed; undefined when it is not (yet) there. */
export function answerIn(printed: string, number: number): { is: unknown } | undefined {
  const start = `${mark} ${number} `;
  // The last part may still grow.
  const lines = printed.split(/[\r\n]+/).slice(0, -1);
  const line = lines.filter(text => text.startsWith(start)).at(-1);
  try {
    return line === undefined ? undefined : { is: JSON.parse(line.slice(start.length)) };
  } catch {
    return undefined;
  }
}

export class Chip {
  readonly #port: string;
  readonly #limits: Limits;
  #console: Console;
  #asked = 0;
  /** Two interrupts without an answer between them would end the command that types for us. */
  #mayInterrupt = true;

  private constructor(port: string, limits: Limits, console: Console) {
    this.#port = port;
    this.#limits = limits;
    this.#console = console;
  }

  static async open(port: string, limits: Limits): Promise<Chip> {
    return new Chip(port, limits, await openConsole(port));
  }

  close(): Promise<void> {
    return this.#console.close();
  }

  /** Stops the program that runs, so that it neither sleeps meanwhile nor uses memory. */
  async reset(): Promise<void> {
    await this.#interrupt();
    this.#console.type(`${noEcho}reset();\n`);
    await pause(resetMs);
  }

  /** What it says of itself; asked again when nothing comes. Undefined: still nothing. */
  async report(): Promise<ChipReport | undefined> {
    for (let time = 0; time < tries; time++) {
      if (time > 0) await this.#interrupt();
      const report = reportFrom(await this.#ask(askReport, this.#limits.reportMs));
      if (report !== undefined) return report;
    }
    return undefined;
  }

  /**
   * Writes a file of 8-bit characters to Storage. Each piece is written only when it has arrived as it was sent, and
   * is sent again until it has: to write the same at the same place again does no harm.
   */
  async write(name: string, content: string): Promise<void> {
    const file = JSON.stringify(name);
    // A new file whose beginning is that of the old one would be taken for the same.
    await this.#insist(`function(){require("Storage").erase(${file});return true}`, name);
    let at = 0;
    while (at < content.length) {
      const [piece, line] = pieceFrom(file, content, at);
      await this.#insist(line, name);
      at += piece.length;
    }
  }

  /**
   * Switches Bluetooth off, its console with it: that erases the saved program and restarts the chip, which is then
   * waited for.
   */
  async closeBluetooth(): Promise<ChipReport> {
    // Later, so that there is an answer.
    const later = 'function(){setTimeout(function(){ESP32.enableBLE(false)},300);return true}';
    await this.#insist(later, 'the setting of Bluetooth');
    await this.#console.close();
    const until = Date.now() + this.#limits.restartMs;
    for (;;) {
      await pause(2 * resetMs);
      const report = await this.#reopened().catch(error => {
        if (!(error instanceof SetupError) || Date.now() > until) throw error;
        return undefined;
      });
      if (report?.bluetooth === false) return report;
      if (Date.now() > until) {
        throw report === undefined
          ? new FlashError('silent', this.#lost('does not answer after Bluetooth was switched off'))
          : new SetupError('Bluetooth stays on although it was switched off: press RST, then flash again');
      }
    }
  }

  /**
   * A real reset, not `load()`: after that the chip would still know that it was a finger that woke it, and the
   * program would order a cluster.
   */
  async restart(): Promise<void> {
    await this.#ask('function(){setTimeout(function(){E.reboot()},300);return true}', this.#limits.reportMs);
  }

  async #reopened(): Promise<ChipReport | undefined> {
    await this.#console.close();
    this.#console = await openConsole(this.#port);
    this.#mayInterrupt = true;
    await this.#interrupt();
    return reportFrom(await this.#ask(askReport, this.#limits.reportMs));
  }

  /**
   * Asks until it is done: true. A line that has lost characters may throw anything, so what the chip says is believed
   * when it says it each time.
   */
  async #insist(call: string, what: string): Promise<void> {
    const answers: unknown[] = [];
    while (answers.length < tries) {
      if (answers.length > 0) await this.#interrupt();
      const answer = await this.#ask(call, this.#limits.pieceMs);
      if (answer === true) return;
      answers.push(answer);
    }
    const [word] = answers;
    if (answers.every(answer => answer === undefined)) {
      throw new FlashError('silent', this.#lost(`stopped answering while ${what} was written`));
    }
    if (word !== broken && answers.every(answer => answer === word)) {
      throw new SetupError(`the chip does not write ${what}: ${String(word).slice(0, 80)}`);
    }
    throw new FlashError(
      'differs',
      `${what} does not arrive at the chip as it is sent: try another cable or USB port`,
    );
  }

  #lost(what: string): string {
    return `the chip at ${this.#port} ${what}: look at its cable and its power, press RST, then flash again`;
  }

  async #interrupt(): Promise<void> {
    if (!this.#mayInterrupt) return;
    this.#mayInterrupt = false;
    this.#console.type(interrupt);
    await pause(interruptMs);
  }

  /** Calls a function on the chip. Its answer; the text of what it threw; undefined when none came. */
  async #ask(call: string, limitMs: number): Promise<unknown> {
    const number = ++this.#asked;
    const answer = await this.#console.ask(lineOf(number, call), text => answerIn(text, number), limitMs);
    if (answer !== undefined) this.#mayInterrupt = true;
    return answer?.is;
  }
}

/** What the chip answers to a piece that has not arrived as it was sent. */
const broken = 0;

function lineOf(number: number, call: string): string {
  const tried = `(function(f){try{return f()}catch(e){return""+e}})(${call})`;
  return `${noEcho}print("\\n${mark} ${number} "+JSON.stringify(${tried}));\n`;
}

/** The largest next piece that fits on a line, and the call that writes it. */
function pieceFrom(file: string, content: string, at: number): [piece: string, call: string] {
  // Room for a number of any length.
  const room = typedBytes - lineOf(1e9, '').length;
  for (let length = typedBytes; ; length -= 16) {
    const piece = content.slice(at, at + length);
    const call = [
      `function(d){return E.CRC32(d=${asciiText(piece)})==${crc32(Buffer.from(piece, 'latin1'))}`,
      `?require("Storage")["write"](${file},d,${at}${at === 0 ? `,${content.length}` : ''}):${broken}}`,
    ].join('');
    if (call.length <= room) return [piece, call];
  }
}

/** As the chip reads it: one byte a character, whatever carries it. */
function asciiText(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, c => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
