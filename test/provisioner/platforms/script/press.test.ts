/** Presses whose platform is a program: built, given back, called off, and over a restart of the provisioner. */
import { describe, expect } from 'vitest';
import { CcpPlatform } from '../../../../provisioner/src/platforms/ccp/ccp.ts';
import type { Room } from '../../fixtures/room.ts';
import { roomTest } from '../../fixtures/room.ts';
import { startBridge } from '../fixtures/contract-script.ts';
import { configOf } from '../fixtures/script-config.ts';

const test = roomTest();

/** The lab's own platform, behind a program. */
async function behindProgram(room: Room): Promise<void> {
  const { lab } = room;
  const { ccp } = lab.config.platforms;
  if (ccp?.type !== 'ccp') throw new Error('no ccp in this lab');
  const own = new CcpPlatform(ccp);
  const bridge = await startBridge(own);
  room.onClose(async () => {
    bridge.close();
    await own.close();
  });
  lab.config.platforms = { ccp: configOf(process.execPath, bridge.args) };
}

describe('a program as a platform', () => {
  test('a press is a cluster with its address, and given back it is gone', async ({ room }) => {
    await behindProgram(room);
    const button = await room.start();
    await button.press(1);
    const ready = await button.until(({ state }) => state === 'ready');
    expect(ready.address).toBe(room.lab.ccp.clusters()[0]?.address ?? 'none');
    await button.press(2, { action: 'release' });
    await button.until(({ state }) => state === 'released');
    expect(room.lab.ccp.clusters()).toEqual([]);
  });

  test('a provisioner that starts again goes on with the one cluster', async ({ room }) => {
    await behindProgram(room);
    const button = await room.start();
    await button.press(1);
    await button.until(({ percent }) => percent > 10);
    await room.stopProvisioner();
    await room.startProvisioner();
    await button.until(({ state }) => state === 'ready');
    expect(room.lab.ccp.clusters()).toHaveLength(1);
  });

  test('called off while its create waits: ended, and nothing is left', async ({ room }) => {
    await behindProgram(room);
    const button = await room.start();
    await button.press(1);
    await button.until(({ percent }) => percent > 10);
    await button.press(2, { action: 'release' });
    await button.until(({ state }) => state === 'released');
    expect(room.lab.ccp.clusters()).toEqual([]);
  });
});
