/** Runs a service until somebody says stop. */
import { InvalidArgumentError } from 'commander';

/** After the first signal the service has this long to finish, in milliseconds; a second signal does not wait. */
const stopLimitMs = 5000;

/** Resolves when SIGINT or SIGTERM came and `stop` has finished. */
export async function untilStopped(stop: () => Promise<void>): Promise<void> {
  await new Promise<void>(resolve => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const giveUp = () => process.exit(1);
  process.once('SIGINT', giveUp);
  process.once('SIGTERM', giveUp);
  setTimeout(giveUp, stopLimitMs).unref();
  await stop();
}

/** A TCP port given on the command line; commander prints what is wrong with it. */
export function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return port;
}
