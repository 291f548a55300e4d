/** The finger, as the real bundle on the simulated board feels it: a press is felt at once, a bouncing contact is one press. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { onView } from '../../cli/views.ts';
import { Board } from '../../simulator/board/board.ts';
import { VirtualClock } from '../../simulator/board/virtual-clock.ts';
import { builtFirmware } from '../fixtures/programs.ts';

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');
const device = {
  ...{ button: 'house-01', site: 'lab', board: 'heltec-wifi-kit-32', key: key(1), siteKey: key(2) },
  relay: { host: '127.0.0.1', port: 9, tls: false, password: 'secret' },
  wifi: [{ ssid: 'nowhere', password: 'secret' }],
};

/** A board that was just given its battery, showing that it is idle; and what its display says from then on. */
async function idleBoard() {
  const storageDir = mkdtempSync(join(tmpdir(), 'finger-'));
  mkdirSync(storageDir, { recursive: true });
  writeFileSync(join(storageDir, 'device.json'), JSON.stringify(device));
  const clock = new VirtualClock();
  const board = new Board({
    bundle: builtFirmware(),
    storageDir,
    clock,
    networks: [],
    costs: { callMs: 0.1 },
  });
  onTestFinished(() => {
    board.powerOff();
    rmSync(storageDir, { recursive: true, force: true });
  });
  const kinds: string[] = [];
  onView(board, view => kinds.push(view.kind));
  board.powerOn();
  await clock.advance(1_000);
  expect(kinds).toEqual(['idle']);
  return { board, clock, kinds };
}

test('a press of a tenth of a second is felt within a twentieth of its end', async () => {
  const { board, clock, kinds } = await idleBoard();
  board.press(100);
  await clock.advance(150);
  expect(kinds).toEqual(['idle', 'connecting']);
});

test('a contact that bounces for some milliseconds is one press', async () => {
  const { board, clock, kinds } = await idleBoard();
  for (const ms of [1, 2, 3]) {
    board.press(ms);
    await clock.advance(2 * ms);
  }
  await clock.advance(200);
  expect(kinds).toEqual(['idle']);
  board.press(100);
  await clock.advance(200);
  expect(kinds).toEqual(['idle', 'connecting']);
});
