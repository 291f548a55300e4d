/** Guessing passwords: it stops soon, says nothing, and locks nobody out who has a key. */
import { randomBytes } from 'node:crypto';
import type { IConnackPacket } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { makeGuesses } from '../../relay/src/guesses.ts';
import { defaultLimits, type Limits } from '../../relay/src/limits.ts';
import type { Relay } from '../../relay/src/relay.ts';
import { makeUsers } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';
import { connectPacket, keys, login, rawClient, relayForTest, until, users } from './helpers.ts';

const secret = 'correct horse battery staple';
/** Cheap, so that a test can be wrong often; slow in kind. */
const slow = 'scrypt:2,1,1:AAAAAAAAAAAAAAAAAAAAAA==:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
const personVerifier = makeVerifier(secret);
const person = { name: 'person', role: 'button', site: 'lab', verifier: personVerifier } as const;

const few = {
  failedLoginsPerAddress: 6,
  failedLoginsPerNameAndAddress: 3,
  failedLoginsPerName: 10,
  failedLoginsForgottenMs: 600_000,
};

async function guess(relay: Relay, name: string, password: string): Promise<[number | undefined, number]> {
  const raw = await rawClient(relay);
  const start = performance.now();
  raw.send(connectPacket(name, { password: Buffer.from(password) }));
  await until(() => raw.packets.length > 0, 'CONNACK');
  const tookMs = performance.now() - start;
  raw.socket.destroy();
  return [(raw.packets[0] as IConnackPacket).returnCode, tookMs];
}

describe('through a real relay', () => {
  it('a password is guessed three times, then not looked at: not even the right one, and the answer is the same', async () => {
    const relay = await relayForTest({ users: makeUsers([person]), limits: few });
    for (let i = 0; i < 3; i++) expect((await guess(relay, 'person', `guess ${i}`))[0]).toBe(4);
    expect(relay.stats().refused).toEqual({ 'bad-user-name-or-password': 3 });
    const [code, tookMs] = await guess(relay, 'person', secret);
    expect(code).toBe(4);
    expect(relay.stats().refused).toEqual({ 'bad-user-name-or-password': 3, 'too-many-failed-logins': 1 });
    // Nothing was computed: a check takes 50 to 250 ms.
    const fastest = Math.min(tookMs, ...(await times(relay, 'person', 5)));
    expect(fastest).toBeLessThan(30);
  });

  it('an unknown name is limited after as many, and refused as quickly', async () => {
    const relay = await relayForTest({ users: makeUsers([person]), limits: few });
    for (const name of ['person', 'nobody']) {
      for (let i = 0; i < 3; i++) expect((await guess(relay, name, 'wrong'))[0]).toBe(4);
      const fastest = Math.min(...(await times(relay, name, 5)));
      expect(fastest).toBeLessThan(30);
    }
    expect(relay.stats().refused).toEqual({ 'bad-user-name-or-password': 6, 'too-many-failed-logins': 10 });
  });

  async function times(relay: Relay, name: string, count: number): Promise<number[]> {
    const list: number[] = [];
    for (let i = 0; i < count; i++) list.push((await guess(relay, name, 'wrong'))[1]);
    return list;
  }

  it('a button is never locked out: after 200 guesses under its name from its own address its key still opens', async () => {
    const relay = await relayForTest({ limits: few });
    for (let i = 0; i < 200; i++) {
      expect((await guess(relay, 'house-01', randomBytes(32).toString('base64')))[0]).toBe(4);
    }
    const { refused } = relay.stats();
    expect(refused).toEqual({ 'bad-user-name-or-password': 6, 'too-many-failed-logins': 194 });
    expect((await login(relay, 'house-01')).connected).toBe(true);
    // Nor by a site of people and buttons, whose names are guessed together.
    const mixed = await relayForTest({ users: makeUsers([...users.values(), person]), limits: few });
    for (let i = 0; i < 20; i++) await guess(mixed, i % 2 ? 'person' : 'house-01', 'wrong');
    expect((await login(mixed, 'house-01')).connected).toBe(true);
    expect((await guess(mixed, 'person', secret))[0]).toBe(4);
  });
});

describe('the limits, each for itself', () => {
  const wrong = Buffer.from('wrong');
  const right = Buffer.from(secret);
  const scene = (limits: Partial<Limits> = {}) => makeGuesses({ ...defaultLimits, ...few, ...limits });
  const repeat = async (count: number, work: (i: number) => Promise<unknown>) => {
    const answers: unknown[] = [];
    for (let i = 0; i < count; i++) answers.push(await work(i));
    return answers;
  };

  it('per address: six names, once each, and then no more', async () => {
    const guesses = scene();
    const answers = await repeat(8, i => guesses.check('192.0.2.1', `name-${i}`, slow, wrong));
    expect(answers).toEqual([...Array(6).fill('wrong'), 'limited', 'limited']);
    expect(await guesses.check('192.0.2.2', 'name-1', slow, wrong)).toBe('wrong');
  });

  it('an IPv6 /64 is one address', async () => {
    const guesses = scene();
    const answers = await repeat(8, i => guesses.check(`2001:db8::${i + 1}`, `name-${i}`, slow, wrong));
    expect(answers.at(-1)).toBe('limited');
    expect(await guesses.check('2001:db8:0:1::1', 'name', slow, wrong)).toBe('wrong');
  });

  it('per name, from everywhere: ten, and then only the last good address is heard', async () => {
    const guesses = scene();
    expect(await guesses.check('192.0.2.200', 'person', personVerifier, right)).toBe('right');
    const answers = await repeat(12, i => guesses.check(`192.0.2.${i}`, 'person', slow, wrong));
    expect(answers).toEqual([...Array(10).fill('wrong'), 'limited', 'limited']);
    expect(await guesses.check('192.0.2.201', 'person', personVerifier, right)).toBe('limited');
    expect(await guesses.check('192.0.2.200', 'person', personVerifier, right)).toBe('right');
    // Who guesses from there has no more guesses than anybody.
    const there = await repeat(5, () => guesses.check('192.0.2.200', 'person', slow, wrong));
    expect(there).toEqual(['wrong', 'wrong', 'wrong', 'limited', 'limited']);
  });

  it('a hundred at once are no more than one after the other', async () => {
    const guesses = scene({ slowLogins: 1000 });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => guesses.check('192.0.2.1', 'person', slow, wrong)),
    );
    expect(answers.filter(answer => answer === 'wrong')).toHaveLength(3);
  });

  it('the right password takes nothing away, however often', async () => {
    const guesses = scene();
    const answers = await repeat(12, () => guesses.check('192.0.2.1', 'person', personVerifier, right));
    expect(answers).toEqual(Array(12).fill('right'));
  });

  it('it is forgotten after a while', async () => {
    const guesses = scene({ failedLoginsForgottenMs: 300 });
    await repeat(4, () => guesses.check('192.0.2.1', 'person', slow, wrong));
    await new Promise(resolve => setTimeout(resolve, 350));
    expect(await guesses.check('192.0.2.1', 'person', slow, wrong)).toBe('wrong');
  });

  it('no more slow checks at a time than allowed; fast ones never wait', async () => {
    const guesses = scene({ slowLogins: 2 });
    const slowOnes = Array.from({ length: 4 }, (_, i) =>
      guesses.check(`192.0.2.${i}`, `name-${i}`, personVerifier, wrong),
    );
    const key = keys['house-01'] ?? '';
    const fast = users.get('house-01')?.verifier ?? '';
    expect(await guesses.check('192.0.2.9', 'house-01', fast, Buffer.from(key))).toBe('right');
    expect(await Promise.all(slowOnes)).toEqual(['wrong', 'wrong', 'busy', 'busy']);
    expect(await guesses.check('192.0.2.8', 'person', personVerifier, right)).toBe('right');
  });
});
