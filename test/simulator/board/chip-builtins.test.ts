/** What the interpreter has in the release that is flashed, and what came later: rows of docs/chip.md. */
import { expect, test } from 'vitest';
import { newest } from '../../../simulator/board/options.ts';
import { runToSleep, sleepNow } from './fixtures/harness.ts';

const utc = ['Date', 'Day', 'FullYear', 'Hours', 'Milliseconds', 'Minutes', 'Month', 'Seconds'];

test('dates have no getUTC… in 2v29; newer interpreters have them', async () => {
  const ask = utc.map(part => `print(typeof new Date().getUTC${part});`).join(' ');
  expect(new Set((await runToSleep(`${ask} ${sleepNow}`)).prints)).toEqual(new Set(['undefined']));
  const later = await runToSleep(`${ask} ${sleepNow}`, { later: newest });
  expect(later.prints).toEqual(utc.map(() => 'function'));
});

test('ESP32.lightSleep is not there in 2v29; newer interpreters have it', async () => {
  const ask = `print(typeof ESP32.lightSleep); ${sleepNow}`;
  expect((await runToSleep(ask)).prints).toEqual(['undefined']);
  expect((await runToSleep(ask, { later: newest })).prints).toEqual(['function']);
});
