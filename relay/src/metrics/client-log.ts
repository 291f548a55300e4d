/**
 * Lines of log that clients and strangers cause. The sender does not choose how many: each client, and each address of
 * strangers, gets a few lines in full, then it is counted, and summed up in one line when the minute is over. All of them
 * together have a limit too.
 */
import type { Logger } from '../../../config/src/log.ts';
import type { Limits } from '../limits/limits.ts';

export interface ClientLog {
  /**
   * Writes a line, or counts it.
   * @param who the user, or the address that stands for a stranger
   * @param fields `reason` tells lines of the same words apart when they are counted: a word from code, never from the wire
   */
  note(
    level: 'info' | 'warn',
    who: string,
    fields: Record<string, unknown> & { reason?: string },
    words: string,
  ): void;
  /** Writes what was counted and not yet said. */
  close(): void;
}

/** What somebody has caused since the minute began. */
interface Share {
  written: number;
  counted: number;
  /** How often by words and reason. */
  unwritten: Map<string, number>;
}

/** Summed up by name; those who caused less are one line together. */
const summedByName = 20;

type LogLimits = Pick<Limits, 'logLinesPerClient' | 'logLines' | 'logPeriodMs' | 'rememberedKeys'>;

export function makeClientLog(log: Logger, limits: LogLimits): ClientLog {
  const shares = new Map<string, Share>();
  let lines = 0;
  let timer: NodeJS.Timeout | undefined;

  function shareOf(who: string): Share {
    // More names than can be remembered share one.
    const key = shares.has(who) || shares.size < limits.rememberedKeys ? who : '';
    const share = shares.get(key) ?? { written: 0, counted: 0, unwritten: new Map() };
    shares.set(key, share);
    return share;
  }

  function sumUp(): void {
    clearTimeout(timer);
    timer = undefined;
    const noisy = [...shares].filter(([, { counted }]) => counted > 0);
    noisy.sort(([, a], [, b]) => b.counted - a.counted);
    for (const [who, { unwritten }] of noisy.slice(0, summedByName)) {
      log.warn(
        { who: who || 'others', more: Object.fromEntries(unwritten) },
        'and more of the same, not written',
      );
    }
    const rest = noisy.slice(summedByName);
    const count = rest.reduce((sum, [, { counted }]) => sum + counted, 0);
    if (count > 0) log.warn({ others: rest.length, count }, 'and more of others, not written');
    shares.clear();
    lines = 0;
  }

  return {
    note(level, who, fields, words) {
      timer ??= setTimeout(sumUp, limits.logPeriodMs).unref();
      const share = shareOf(who);
      if (share.written < limits.logLinesPerClient && lines < limits.logLines) {
        share.written++;
        lines++;
        log[level](fields, words);
        return;
      }
      share.counted++;
      const what = fields.reason === undefined ? words : `${words}: ${fields.reason}`;
      share.unwritten.set(what, (share.unwritten.get(what) ?? 0) + 1);
    },
    close: sumUp,
  };
}
