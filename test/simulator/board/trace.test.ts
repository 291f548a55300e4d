import { expect, test } from 'vitest';
import { maxTraceEntries, Trace } from '../../../simulator/board/trace.ts';

test('the trace is bounded: the oldest entries go, and it says so', () => {
  const trace = new Trace();
  for (let pin = 0; pin < maxTraceEntries; pin++) {
    trace.add({ what: 'pin', pin, level: 0, by: 'world' });
  }
  expect(trace.truncated).toBe(false);
  trace.add({ what: 'pin', pin: maxTraceEntries, level: 0, by: 'world' });
  expect(trace.truncated).toBe(true);
  expect(trace.entries.length).toBe(maxTraceEntries * 0.9 + 1);
  expect(trace.entries[0]).toMatchObject({ pin: maxTraceEntries / 10 });
  expect(trace.entries.at(-1)).toMatchObject({ pin: maxTraceEntries });
});
