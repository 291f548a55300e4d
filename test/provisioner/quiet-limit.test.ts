/** What cuts of quiet connections teach; that a link heeds it: half-open.test.ts. */
import { expect, test } from 'vitest';
import { QuietLimit } from '../../provisioner/src/uplink/quiet-limit.ts';

/** Keep-alive after each of these cuts, in seconds. */
const after = (keepAliveS: number, ...cutsS: number[]) => {
  const limit = new QuietLimit(keepAliveS);
  return cutsS.map(quietS => {
    limit.cut(quietS * 1000);
    return limit.keepAliveS;
  });
};

const tables: [string, number, number[], number[]][] = [
  ['20 s', 30, [20, 20.1], [30, 13]],
  ['25 s', 30, [25.2, 24.9], [30, 16]],
  ['30 s, which the pings race with', 30, [30, 30], [30, 20]],
  ['a coarse clock', 30, [25, 27], [30, 16]],
  ['a lower limit later on', 30, [25, 25, 12, 12], [30, 16, 16, 8]],
  ['restarts at any time', 30, [25, 3, 14, 8], [30, 30, 30, 30]],
  ['a restart between two cuts, and one more cut', 30, [25, 5, 25, 25], [30, 30, 30, 16]],
  ['restarts in the middle of something', 30, [0.1, 0.1, 0.1], [30, 30, 30]],
  ['less than a second and a half', 5, [1.2, 1.2], [5, 1]],
  ['longer than we are silent', 5, [25, 25], [5, 5]],
];

test.each(tables)('connections that are cut after %s', (_, keepAliveS, cutsS, expected) => {
  expect(after(keepAliveS, ...cutsS)).toEqual(expected);
});

test('what was learned is told once', () => {
  const limit = new QuietLimit(30);
  const told = [25_000, 25_040, 25_000, 25_000].map(quietMs => limit.cut(quietMs));
  expect(told).toEqual([undefined, { cutAfterS: 25, keepAliveS: 16 }, undefined, undefined]);
  expect(limit.learned).toEqual({ cutAfterS: 25, keepAliveS: 16 });
});
