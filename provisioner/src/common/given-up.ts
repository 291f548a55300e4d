import { PlatformError } from './platform.ts';

/**
 * What `work` comes to, or a {@link PlatformError} as soon as the signal is aborted: the work itself, which others wait
 * for, goes on.
 */
export async function orGivenUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let giveUp = () => {};
  const given = new Promise<never>((_, reject) => {
    giveUp = () => reject(new PlatformError('the call was given up', { transient: true }));
  });
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([work, given]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
