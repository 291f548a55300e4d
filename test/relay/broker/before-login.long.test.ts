/** Each row a hundred times: CONNECT and SUBSCRIBE in one segment, with a right and with a wrong password. */
import { expect, test } from 'vitest';
import { answersToRight, answersToWrong, relayOfAllKinds, ways } from '../fixtures/before-login.ts';

const times = 100;

test.each(
  ways,
)('a hundred right and a hundred wrong passwords, none treated otherwise: %s', async (...way) => {
  const { relay, refusals } = await relayOfAllKinds();
  const right: string[] = [];
  const wrong: string[] = [];
  for (let i = 0; i < times; i++) {
    right.push(await answersToRight(relay, way));
    wrong.push(await answersToWrong(relay, way));
  }
  expect(right).toEqual(Array(times).fill('connack 0 suback 1 1'));
  expect(wrong).toEqual(Array(times).fill('connack 4'));
  expect(relay.stats()).toMatchObject({ logins: times, refused: { 'bad-user-name-or-password': times } });
  expect(refusals.length).toBeLessThanOrEqual(times);
});
