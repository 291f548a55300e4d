/** Runs a service until somebody says stop. */
import { isatty } from 'node:tty';
import { InvalidArgumentError } from 'commander';
import type { Logger } from '../config/src/log.ts';
import { messageOf } from '../config/src/setup-error.ts';

/** After the first signal the service has this long to finish, in milliseconds; a second signal does not wait. */
const stopLimitMs = 5000;

/**
 * Returns when SIGINT or SIGTERM came and `stop` has finished; the process is over then, whatever it still holds open.
 *
 * SIGHUP, "your terminal is closed", is the same for a service that has a terminal. One that has none (systemd,
 * nohup) goes on: there it comes from somebody who hopes that files are read again.
 * @param reload does what of that is possible; without it, nothing is read again.
 */
export async function untilStopped(
  stop: () => Promise<void>,
  log?: Logger,
  reload?: () => void,
): Promise<void> {
  const hasTerminal = [0, 1, 2].some(isatty);
  const signal = await new Promise<NodeJS.Signals>(resolve => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    process.on('SIGHUP', hangUp => {
      if (hasTerminal) resolve(hangUp);
      else if (reload !== undefined) reload();
      else log?.warn('SIGHUP: settings are read when it starts; restart it to have them read again');
    });
  });
  const giveUp = () => process.exit(1);
  process.once('SIGINT', giveUp);
  process.once('SIGTERM', giveUp);
  const timer = setTimeout(() => {
    log?.error(`not finished ${stopLimitMs / 1000} s after ${signal}: stopped all the same`);
    giveUp();
  }, stopLimitMs);
  log?.info({ signal }, 'stopping');
  await stop();
  clearTimeout(timer);
  log?.info('stopped');
  process.exit();
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
