/**
 * Structured logs on standard output: a readable line for a person at a terminal, one JSON object a line for
 * everything else, or nothing at all.
 */
import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, levels, pino } from 'pino';
import { SetupError } from './setup-error.ts';

export type { Logger };

/** What may wait for a reader that is slow, in bytes; behind that, lines are dropped and the program goes on. */
const maxWaitingBytes = 1024 * 1024;

const formats = ['json', 'pretty'] as const;
type Format = (typeof formats)[number];

/**
 * A logger for a room; `room` stands in every line. Level from LOG_LEVEL (default info), format from LOG_FORMAT
 * (`json` or `pretty`; default: pretty on a terminal). Each line is written before the call returns.
 * @throws SetupError when LOG_LEVEL or LOG_FORMAT says something else.
 */
export function makeLog(room: string): Logger {
  const out = standardOutput();
  const options = { base: { room }, level: levelOf(process.env.LOG_LEVEL) };
  return pino(options, formatOf(process.env.LOG_FORMAT) === 'json' ? out : prettily(out));
}

/** For callers that want no logs. */
export const silentLog: Logger = pino({ level: 'silent' });

function levelOf(level = 'info'): string {
  const known = [...Object.keys(levels.values), 'silent'];
  if (known.includes(level)) return level;
  throw new SetupError(`LOG_LEVEL is "${level}": expected one of ${known.join(', ')}`);
}

function formatOf(wanted = process.stdout.isTTY ? 'pretty' : 'json'): Format {
  const format = formats.find(one => one === wanted);
  if (format !== undefined) return format;
  throw new SetupError(`LOG_FORMAT is "${wanted}": expected ${formats.join(' or ')}`);
}

/** A log that cannot be written (a closed terminal, a full disk) is no reason to stop. */
function standardOutput(): DestinationStream {
  const out = pino.destination({ dest: 1, sync: true, maxLength: maxWaitingBytes });
  out.on('error', () => {});
  return out;
}

/** Loaded only here: who writes JSON need not wait for it. */
function prettily(out: DestinationStream): DestinationStream {
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const pretty = prettyFactory({
    colorize: process.stdout.isTTY && process.stdout.hasColors(),
    singleLine: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss',
    ignore: 'room',
    messageFormat: '{room}: {msg}',
  });
  return { write: line => out.write(pretty(line)) };
}
