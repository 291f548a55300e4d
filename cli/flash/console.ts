/**
 * The chip's console, through the pinned `espruino` command as a program of its own, in its terminal mode: what it gets
 * is typed on the chip, what the chip prints it gives. It does not upload: its flow control is dead in 0.1.67 (it needs
 * settings that nothing sets), and a chip that is slower than the sender loses characters.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { SetupError } from '../../config/src/setup-error.ts';

/** So much is typed at most before the chip's answer is waited for, in bytes. Its input ring holds 4,096. */
export const typedBytes = 1024;

/** The ESP32's console. */
const baudRate = 115_200;

/** A port that can be had at all is open by then; a busy computer needs seconds to start a program. */
const openLimitMs = 30_000;

/** Nothing is looked up on espruino.com, and nothing is asked of the chip but what we ask. */
const configs = ['ENV_ON_CONNECT=false', 'MODULE_URL=', 'BOARD_JSON_URL=', 'SERIAL_THROTTLE_SEND=2'];

/** What the command says when the port is not to be had, and what that means. */
const portTroubles: [RegExp, string][] = [
  [/Cannot lock port|EBUSY|Resource busy/, 'is in use: close the terminal or IDE that has it open'],
  [/ECONNREFUSED/, 'refuses the connection: nothing listens there'],
  [/ENOTFOUND|EAI_AGAIN/, 'is no host that is known here'],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, 'cannot be reached'],
  [/ECONNRESET|EPIPE/, 'has hung up'],
  [/EACCES|Permission denied/, 'may not be used by this user: join the group that owns it, usually dialout'],
  [/No such file|cannot open/, 'has gone: look at the cable'],
  [/Unable to connect/, 'is not among the serial ports that the uploader finds (on Linux it asks udevadm)'],
];

export interface Console {
  /**
   * Types a text of at most {@link typedBytes}, ASCII only, and gives what `find` finds in that which is printed from
   * then on; undefined when it has found nothing within the time.
   * @throws SetupError when the port goes meanwhile.
   */
  ask<T>(text: string, find: (printed: string) => T | undefined, limitMs: number): Promise<T | undefined>;
  /** Types without waiting for an answer. */
  type(text: string): void;
  /** Frees the port. */
  close(): Promise<void>;
}

/** Opens a port. Throws a SetupError in one sentence when it is not to be had. */
export async function openConsole(port: string): Promise<Console> {
  const script = createRequire(import.meta.url).resolve('espruino/bin/espruino-cli.js');
  const fixed = ['--no-ble', '-p', port, '-b', String(baudRate)];
  const child = spawn(
    process.execPath,
    [script, ...fixed, ...configs.flatMap(config => ['--config', config])],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let printed = '';
  let errors = '';
  let ended = false;
  let look = () => {};
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').on('data', text => {
    printed += text;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text;
    // It would wait on a socket that never opens.
    if (troubleIn(errors) !== undefined) child.kill('SIGKILL');
  });
  const end = once(child, 'close').finally(() => {
    ended = true;
    look();
  });

  /** Waits until something is found, the port has gone, or the time is over. */
  async function wait<T>(find: () => T | undefined, limitMs: number): Promise<T | undefined> {
    let limit: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T | undefined>((found, lost) => {
        look = () => {
          const what = find();
          if (what !== undefined) found(what);
          else if (ended)
            lost(new SetupError(`${port} ${troubleIn(errors) ?? 'has gone: look at the cable'}`));
        };
        limit = setTimeout(() => found(undefined), limitMs);
        look();
      });
    } finally {
      clearTimeout(limit);
      look = () => {};
    }
  }

  const close = async () => {
    child.stdin.end();
    child.kill('SIGKILL');
    await end;
  };
  // Something that the chip had printed before may stand in front.
  const isOpen = () => printed.includes('Connected\n') || undefined;
  const open = await wait(isOpen, openLimitMs).catch(async error => {
    await close();
    throw error;
  });
  if (!open) {
    await close();
    throw new SetupError(`${port} does not open: is it the board's?`);
  }
  return {
    ask(text, find, limitMs) {
      printed = '';
      child.stdin.write(text);
      return wait(() => find(printed), limitMs);
    },
    type: text => void child.stdin.write(text),
    close,
  };
}

function troubleIn(errors: string): string | undefined {
  return portTroubles.find(([pattern]) => pattern.test(errors))?.[1];
}
