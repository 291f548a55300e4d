/** Two hundred buttons pressing at once. Of twenty the same is seen in faults.test.ts. */
import { expect } from 'vitest';
import { patience } from '../fixtures/patience.ts';
import { roomTest } from './fixtures/room.ts';

const buttons = Array.from({ length: 200 }, (_, i) => `button-${i + 1}`);
const limitMs = 60_000;

const test = roomTest({ buttons });

test(
  'all accepted, each with a range of its own, all ready',
  async ({ room }) => {
    await room.startProvisioner({ deadlineS: 3_600 });
    const crowd = await Promise.all(buttons.map(name => room.connect(name)));
    await Promise.all(crowd.map(button => button.press(1)));
    await Promise.all(crowd.map(button => button.until(status => status.press === 1, limitMs)));
    await Promise.all(crowd.map(button => button.until(status => status.state === 'ready', limitMs)));
    const presses = room.provisioner.presses();
    expect(presses).toHaveLength(200);
    expect(new Set(presses.map(({ step }) => step))).toEqual(new Set(['ready']));
    expect(new Set(presses.map(({ range }) => range)).size).toBe(200);
    expect(new Set(room.lab.ccp.clusters().map(({ cidr }) => cidr)).size).toBe(200);
    expect(room.lab.ccp.clusters()).toHaveLength(200);
    expect(room.provisioner.counters).toMatchObject({ accepted: 200, rejected: 0, dropped: 0 });
  },
  patience(3 * limitMs),
);
