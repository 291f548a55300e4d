/** What a button does on each board that the firmware knows when the chip is as cruel as it can be, and a stranger listens. */
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { boards } from '../../firmware/src/boards.ts';
import { explain } from '../../firmware/src/explain.ts';
import { stuckButtonSleepMs } from '../../firmware/src/limits.ts';
import { deadHostMs, deadNameServerMs } from '../../simulator/board/socket-world.ts';
import { cruelWorld, hotspot, type WorldOptions } from './fixtures/cruel-world.ts';
import { drawn } from './interpreter/fixtures/frames.ts';

const names = boards.map(({ name }) => name);
const recommended = names[0] ?? '';
const minuteMs = 60_000;

describe('with nobody on it', () => {
  test.each(names)('power-on: HELLO, then sleep by pin and not by time; no radio, on %s', async name => {
    const { board, asleep, views, sleeps } = await cruelWorld(name);
    board.powerOn();
    await asleep(minuteMs);
    expect(views.map(view => view.kind)).toEqual(['idle']);
    expect(sleeps.map(sleep => sleep.kind)).toEqual(['pin']);
    expect(board.trace.some(entry => entry.what === 'wifi' && entry.state === 'joining')).toBe(false);
  });
});

describe('a build of ten minutes', () => {
  test.each(names)('is followed in naps that a timer ends, to the address, on %s', async name => {
    const { board, clock, asleep, shows, sleeps, causes } = await cruelWorld(name);
    board.powerOn();
    await asleep();
    board.press();
    expect(await shows(view => view.kind === 'ready')).toMatchObject({ address: '10.10.20.31' });
    await asleep();
    await clock.advance(minuteMs);
    const timers = sleeps.filter(sleep => sleep.kind === 'timer' && sleep.durationMs > 1000).length;
    expect(timers).toBeGreaterThan(0);
    expect(causes.filter(cause => cause === 4).length).toBeGreaterThanOrEqual(timers);
    expect(sleeps.at(-1)?.kind).toBe('pin');
  });

  test.each(
    names,
  )('a press in the last second of a nap is felt, and orders nothing anew, on %s', async name => {
    const { board, clock, asleep, shows, sleeps, views } = await cruelWorld(name);
    board.powerOn();
    await asleep();
    board.press();
    await shows(view => view.kind === 'building');
    const isLong = () => sleeps.at(-1)?.kind === 'timer' && board.state === 'asleep';
    await clock.run(
      () => isLong() && (sleeps.at(-1) as { durationMs: number }).durationMs > 5000,
      5 * minuteMs,
    );
    const { durationMs } = sleeps.at(-1) as { durationMs: number };
    await clock.advance(durationMs - 1000);
    expect(board.state).toBe('asleep');
    const from = views.length;
    board.hold(4000);
    await clock.advance(12_000);
    expect(views.slice(from).map(view => view.kind)).not.toContain('error');
    expect(views.slice(from).length).toBeGreaterThan(0);
    expect(await shows(view => view.kind === 'ready')).toMatchObject({ cluster: 'house-01-1' });
    await asleep();
  });
});

describe('something that lies on the button', () => {
  test.each(names)('from power-on: sleeps by time and not by pin, and orders nothing, on %s', async name => {
    const { board, clock, sleeps, views, asleep } = await cruelWorld(name);
    board.hold(3 * stuckButtonSleepMs);
    board.powerOn();
    await clock.advance(2 * stuckButtonSleepMs);
    expect(sleeps.length).toBeGreaterThan(0);
    expect(new Set(sleeps.map(sleep => sleep.kind))).toEqual(new Set(['timer']));
    expect(views.filter(view => view.kind === 'building')).toEqual([]);
    await asleep(2 * stuckButtonSleepMs);
  });

  test.each(names)('while it lay in the bag: one offer to give back that nobody takes, on %s', async name => {
    const { board, clock, sleeps, views, asleep } = await cruelWorld(name);
    board.powerOn();
    await asleep();
    board.hold(3 * stuckButtonSleepMs);
    await clock.advance(2 * stuckButtonSleepMs);
    expect(sleeps.slice(1).map(sleep => sleep.kind)).not.toContain('pin');
    expect(views.some(view => view.kind === 'building')).toBe(false);
    await asleep(2 * stuckButtonSleepMs);
  });
});

/** Who answers in the relay's place. */
async function inItsPlace(answer: string | undefined): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', () => (answer === undefined ? socket.destroy() : socket.end(answer)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

const relayAt = (host: string, port: number) => ({
  relay: { host, port, tls: false, password: 'secret' },
});

interface Trouble {
  code: string;
  line: RegExp;
  advice?: string;
  options?: () => WorldOptions | Promise<WorldOptions>;
}

const portal = 'HTTP/1.1 302 Found\r\nLocation: http://sign.in/\r\nContent-Length: 0\r\n\r\n';

const troubles: Record<string, Trouble> = {
  'no network': { code: 'HOTSPOT', line: /phone not in reach/, options: () => ({ board: { networks: [] } }) },
  'another password': {
    code: 'HOTSPOT',
    line: /phone has another password/,
    options: () => ({ board: { networks: [{ ...hotspot, password: 'another one' }] } }),
  },
  'a network that refuses': {
    code: 'HOTSPOT',
    line: /phone refuses/,
    options: () => ({ board: { troubles: { joinsRefused: 1000 } } }),
  },
  'a sign-in page': {
    code: 'HOTSPOT',
    line: /wants a sign-in/,
    advice: "Open the phone's hotspot page",
    options: async () => ({ device: relayAt('127.0.0.1', await inItsPlace(portal)) }),
  },
  'a network that hangs up': {
    code: 'RELAY',
    line: /a sign-in page\?/,
    options: async () => ({ device: relayAt('127.0.0.1', await inItsPlace(undefined)) }),
  },
  'something else in its place': {
    code: 'RELAY',
    line: /That is no relay/,
    options: async () => ({ device: relayAt('127.0.0.1', await inItsPlace('SSH-2.0-x\r\n')) }),
  },
  'a host that is dead': {
    code: 'RELAY',
    line: /The relay is not there/,
    options: () => ({ board: { troubles: { connectBlocksMs: deadHostMs } } }),
  },
  'a dead name server': {
    code: 'RELAY',
    line: /No such host/,
    options: () => ({
      device: relayAt('relay.example', 1883),
      board: { troubles: { dnsBlocksMs: deadNameServerMs } },
    }),
  },
  'a login that is not known': {
    code: 'KEY',
    line: /bad login/,
    options: () => ({ device: { button: 'house-99' } }),
  },
  'an empty cell': { code: 'BATTERY', line: /too low/, options: () => ({ board: { batteryMv: 3300 } }) },
};

describe('what goes wrong is said, and ends in a sleep by pin', () => {
  test.each(Object.entries(troubles))('the display names the trouble and goes dark: %s', async (_what, {
    code,
    line,
    advice,
    options,
  }) => {
    const { board, asleep, shows } = await cruelWorld(recommended, await options?.());
    board.powerOn();
    await asleep();
    board.press();
    const error = await shows(view => view.kind === 'error');
    expect(error).toMatchObject({ code, line: expect.stringMatching(line), ...(advice ? { advice } : {}) });
    await asleep();
  });
});

test('no variable left with a cluster to warn of: said once, then sleep by pin; nothing is polled for again', async () => {
  const status = {
    ...{ press: 4, seq: 9, state: 'ready', cluster: 'house-01-4', phase: '', address: '10.0.0.4' },
    ...{ percent: 100, upTo: 100, leftS: 0, lookAgainS: 600 },
  };
  const poll = { status, heard: 0, due: 1, touched: 0, fails: 0 };
  const memory = { press: 4, pending: '', cluster: 'house-01-4', ssid: hotspot.ssid, poll };
  const { board, troubles, asleep, views, wifiAt } = await cruelWorld(recommended, { memory });
  troubles.variablesRunOutMs = 2000;
  board.shelve();
  board.press();
  await asleep(15 * minuteMs);
  expect(views.filter(view => view.kind === 'error')).toEqual([explain('DEVICE', 'Out of memory')]);
  expect(wifiAt('joining')).toHaveLength(1);
});

test('a device.json that is broken is said at power-on, and ends in a sleep by pin', async () => {
  const { board, clock, asleep } = await cruelWorld(recommended, { device: { wifi: [] } });
  board.powerOn();
  await clock.advance(5000);
  const picture = drawn(explain('DEVICE', 'bad "wifi" in device.json'));
  expect(Buffer.from(board.frame().pixels).equals(picture)).toBe(true);
  await asleep();
});
