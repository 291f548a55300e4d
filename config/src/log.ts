/** Structured logs: one JSON object a line on standard output, or nothing at all. */
import { type Logger, pino } from 'pino';

export type { Logger };

/** A logger for a room; `room` stands in every line. Level from LOG_LEVEL (default info). */
export function makeLog(room: string): Logger {
  return pino({ base: { room }, level: process.env.LOG_LEVEL ?? 'info' });
}

/** For callers that want no logs. */
export const silentLog: Logger = pino({ level: 'silent' });
