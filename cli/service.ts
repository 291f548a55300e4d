/** What all services of the command have in common: signals, mistakes, ports. */
import { isatty } from 'node:tty';
import { InvalidArgumentError } from 'commander';
import type { Logger } from '../config/src/log.ts';
import { messageOf } from '../config/src/setup-error.ts';

/** After the first signal the service has this long to finish, in milliseconds; a second signal does not wait. */
const stopLimitMs = 5000;

/** Signals that came to a service, from the moment of {@link heedSignals} on. */
export interface Signals {
  /**
   * Returns when SIGINT or SIGTERM came, then or before, and `stop` has finished; the process is over then, whatever
   * it still holds open.
   * @param reload for SIGHUP, does what of that is possible; without it, nothing is read again.
   */
  untilStopped(stop: () => Promise<void>, reload?: () => void): Promise<void>;
}

/**
 * From now on no signal kills the process as it stands. Called before the start: whoever reads in the log that a
 * service is up may send the next signal in the same millisecond. One that comes during the start is carried out after
 * it, and the time limit runs already.
 *
 * SIGHUP, "your terminal is closed", is the same as an end for a service that has a terminal. One that has none
 * (systemd, nohup) goes on: there it comes from somebody who hopes that files are read again. One that comes during the
 * start is carried out after it, too: who has changed a file since it was read would wait for it in vain.
 */
export function heedSignals(log: Logger): Signals {
  const hasTerminal = [0, 1, 2].some(isatty);
  let read: (() => void) | undefined;
  let isAskedToRead = false;
  const over = () => process.exit(1);
  const first = new Promise<NodeJS.Signals>(resolve => {
    let ending = false;
    const end = (signal: NodeJS.Signals) => {
      // One listener for the first signal and the second: between two, one that comes at once would be lost.
      if (ending) return over();
      ending = true;
      setTimeout(() => {
        log.error(`not finished ${stopLimitMs / 1000} s after ${signal}: stopped all the same`);
        over();
      }, stopLimitMs).unref();
      resolve(signal);
    };
    process.on('SIGINT', end);
    process.on('SIGTERM', end);
    process.on('SIGHUP', signal => {
      if (hasTerminal) {
        if (!ending) end(signal);
      } else if (read === undefined) isAskedToRead = true;
      else read();
    });
  });
  const untilStopped = async (stop: () => Promise<void>, reload?: () => void) => {
    read =
      reload ??
      (() => log.warn('SIGHUP: settings are read when it starts; restart it to have them read again'));
    if (isAskedToRead) read();
    const signal = await first;
    log.info({ signal }, 'stopping');
    await stop();
    log.info('stopped');
    process.exit();
  };
  return { untilStopped };
}

/**
 * From now on a mistake that nobody caught is logged and ends the process with code 1. To go on would be to guess
 * what it left half done; a new start reads the journal instead.
 * @param advice what a person has to do, and what not to fear.
 */
export function endOnMistake(log: Logger, advice: string): void {
  const end = (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.fatal({ reason: messageOf(error), stack }, `ended by a mistake in the program: ${advice}`);
    process.exit(1);
  };
  // A rejection that nobody handles comes here too: Node's default makes an exception of it.
  process.on('uncaughtException', end);
}

/** A TCP port given on the command line; commander prints what is wrong with it. */
export function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return port;
}
