/** Joining, as the real bundle does it on a chip that tries once and may never tell. */
import { describe, expect, test } from 'vitest';
import { boards } from '../../firmware/src/boards.ts';
import type { View } from '../../firmware/src/view.ts';
import { cruelWorld, hotspot, type WorldOptions } from './fixtures/cruel-world.ts';

const isReady = (view: View) => view.kind === 'ready';
const home = { ssid: 'home', password: 'of the house' };
const both = { device: { wifi: [home, hotspot] } };

async function pressed(options: WorldOptions) {
  const world = await cruelWorld(boards[0]?.name ?? '', { buildS: 60, ...options });
  world.board.shelve();
  world.board.press();
  return world;
}

describe('a join that does not work the first time', () => {
  test('refused once: joined the second time, without a word of it', async () => {
    const { shows, wifiAt, views } = await pressed({ board: { troubles: { joinsRefused: 1 } } });
    await shows(isReady);
    expect(wifiAt('failed')).toHaveLength(1);
    expect(views.filter(view => view.kind === 'error')).toEqual([]);
  });

  test('a network that is not there: the next one is tried within a second of the news', async () => {
    const { shows, wifiAt } = await pressed(both);
    await shows(isReady);
    const [toldAt = 0] = wifiAt('failed', home.ssid);
    const [nextAt = 0] = wifiAt('joining', hotspot.ssid);
    expect(toldAt).toBeGreaterThan(0);
    expect(nextAt).toBeGreaterThanOrEqual(toldAt);
    expect(nextAt - toldAt).toBeLessThan(1000);
  });

  test.each([
    '4WAY_HANDSHAKE_TIMEOUT',
    'AUTH_FAIL',
    'HANDSHAKE_TIMEOUT',
  ] as const)('a network with another password is named, though the others are only not there: %s', async wrongKeyReason => {
    const wrong = { ...home, password: 'changed since' };
    const { shows } = await pressed({ ...both, board: { networks: [wrong], troubles: { wrongKeyReason } } });
    const error = await shows(view => view.kind === 'error');
    expect(error).toMatchObject({ code: 'HOTSPOT', line: 'home has another password' });
  });

  test('a hotspot whose page is opened while the button looks: joined', async () => {
    const { board, clock, shows, wifiAt } = await pressed({ board: { networks: [] } });
    await clock.run(() => wifiAt('failed').length > 3, 16_000);
    board.networks = [hotspot];
    await shows(isReady);
  });
});

test('an event task that hangs at the second address: found by asking, the build is followed to its end', async () => {
  const { board, clock, shows } = await pressed({ buildS: 20 });
  await shows(view => view.kind === 'building');
  board.loseWifi();
  await clock.advance(3000);
  await shows(isReady);
  expect(board.trace.filter(entry => entry.what === 'boot').length).toBeGreaterThan(0);
});

test('a name of bytes above 127 is joined as it is, and shown with the nearest glyphs', async () => {
  const ssid = 'Ada’s iPhone';
  const bytes = Buffer.from(ssid).toString('latin1');
  const { shows, wifiAt, views } = await pressed({
    device: { wifi: [{ ssid: bytes, password: 'k' }] },
    board: { networks: [{ ssid, password: 'k' }] },
  });
  await shows(isReady);
  expect(wifiAt('joining')).toEqual(wifiAt('joining', bytes));
  expect(views[0]).toMatchObject({ kind: 'connecting', hop: 'hotspot', detail: "Ada's iPhone" });
});
