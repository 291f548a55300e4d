/** How many of the chip's variables the firmware takes: every waking of every journey is looked at. */
import { afterAll, expect } from 'vitest';
import type { ChipEvent } from './events.ts';
import type { Run } from './runner.ts';
import { nameOf, viewIn } from './script.ts';

/** The chip has 2,000 to 5,000 variables. */
export const maxVariables = 2000;

interface Peak {
  variables: number;
  where: string;
}

let largest: Peak = { variables: 0, where: 'nowhere' };

/**
 * The most variables that the program had at a time. Those from before its start do not count: they are the
 * prelude's own, and on a chip what it stands in for has none. Nor do the buffers of TLS: the Linux build has its
 * own mbedTLS, which keeps them among the variables; the ESP32 build has ESP-IDF's, which has the chip's heap.
 */
export function peakOf({ events, memory }: Run): Peak {
  let peak = { variables: 0, at: 0 };
  let tls = false;
  let buffers = 0;
  for (const [at, event] of events.entries()) {
    if (event.what === 'connect') tls = event.module === 'tls';
    if (event.what === 'socket' && tls) buffers = event.variables;
    // Each connection has ended before the radio is off, and before the next one.
    if (event.what === 'wifi' || event.what === 'connect') buffers = 0;
    const variables = event.what === 'memory' ? event.usage - memory.before - buffers : 0;
    if (variables > peak.variables) peak = { variables, at };
  }
  const names = (part: ChipEvent[]) =>
    part.flatMap(event => (event.what === 'line' ? (viewIn(event.text) ?? []) : [])).map(nameOf);
  const shown = names(events.slice(0, peak.at)).at(-1) ?? 'the start';
  const next = events.slice(peak.at + 1).find(event => event.what !== 'memory')?.what ?? 'the end';
  const end = names(events).at(-1) ?? 'nothing';
  return { variables: peak.variables, where: `after ${shown}, before ${next}, on the way to ${end}` };
}

/** Fails when a waking took more variables than a chip may have. */
export function expectRoom(run: Run): void {
  const peak = peakOf(run);
  if (peak.variables > largest.variables) {
    largest = peak;
  }
  expect(run.memory.samples.length).toBeGreaterThan(1);
  expect(peak.variables, peak.where).toBeLessThanOrEqual(maxVariables);
}

/** Says at the end of a test file what was the largest. */
export function tellLargest(): void {
  afterAll(() => {
    process.stdout.write(`At most ${largest.variables} variables, ${largest.where}\n`);
  });
}
