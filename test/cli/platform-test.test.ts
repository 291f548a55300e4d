/** `dashbutton platform test`: what keeps the contract passes, what breaks it is named, and nothing is left in either case. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { testPlatform } from '../../cli/platform-test/test.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { until } from '../fixtures/patience.ts';
import { template } from '../provisioner/fixtures/lab.ts';
import { type Room, roomTest } from '../provisioner/fixtures/room.ts';
import { startBridge } from '../provisioner/platforms/fixtures/contract-script.ts';
import { never } from '../provisioner/platforms/fixtures/contract-world.ts';
import { dashbutton, writeSettings } from './fixtures/operator-lab.ts';

const test = roomTest();

/** Of the lab's one profile, with this platform in the place of its own. */
function settingsWith({ lab }: Room, platform: object | undefined, deadlineS = 600): string {
  const { house } = lab.config.profiles;
  return writeSettings(lab, {
    ...(platform === undefined ? {} : { platforms: { ccp: platform } }),
    profiles: { house: { ...house, deadlineS } },
  });
}

async function tried(config: string, stop = never): Promise<{ broken: number; lines: string[] }> {
  const lines: string[] = [];
  const broken = await testPlatform({ config, profile: 'house' }, line => void lines.push(line), stop);
  return { broken, lines };
}

function ccpOf({ lab }: Room): CcpPlatform {
  const { ccp } = lab.config.platforms;
  if (ccp?.type !== 'ccp') throw new Error('no ccp in this lab');
  return new CcpPlatform(ccp);
}

/** Settings of a program; its home is the lab's folder. */
function program(room: Room, text: string, deadlineS?: number): string {
  const path = join(room.lab.folder, 'platform.sh');
  writeFileSync(path, text.replaceAll('$HOME', room.lab.folder));
  chmodSync(path, 0o755);
  return settingsWith(room, { type: 'script', command: path }, deadlineS);
}

describe('platform test', () => {
  test('the platform of a lab keeps all of it, and has nothing at the end', async ({ room }) => {
    const { lines, broken } = await tried(settingsWith(room, undefined));
    expect(lines.slice(1, -1).map(line => line.slice(0, 4))).toEqual(Array(8).fill('kept'));
    expect(lines.at(-1)).toBe('It keeps the contract.');
    expect(broken).toBe(0);
    expect(room.lab.ccp.clusters()).toEqual([]);
  });

  test('a program keeps all of it, from the command line', async ({ room }) => {
    const own = ccpOf(room);
    const bridge = await startBridge(own);
    room.onClose(async () => {
      bridge.close();
      await own.close();
    });
    const platform = { type: 'script', command: process.execPath, args: bridge.args };
    const config = settingsWith(room, platform);
    const { code, stdout } = await dashbutton(['platform', 'test', '--config', config, '--profile', 'house']);
    expect(stdout).toContain('It keeps the contract.');
    expect(code).toBe(0);
    expect(room.lab.ccp.clusters()).toEqual([]);
  });

  test('the smallest program of the page keeps all of it', async ({ room }) => {
    // A cluster whose API server answers: that is what it hands out.
    const own = ccpOf(room);
    room.onClose(() => own.close());
    const target = { name: 'real-1', template: template(room.lab.ccp), addOns: [] };
    await own.create({ ...target, range: '10.0.0.0/20', description: 'real' }, never);
    await until(async () => (await own.observe(target, never)).kind === 'ready', 'a real one');
    writeFileSync(join(room.lab.folder, 'real'), (await own.access(target, never)).kubeconfig);
    const page = readFileSync(
      fileURLToPath(new URL('../../docs/script-platform.md', import.meta.url)),
      'utf8',
    );
    const [, text = ''] = /```sh\n(#![\s\S]*?)```/.exec(page) ?? [];
    const made = text
      .replace('make-a-cluster "$DASHBUTTON_NAME"', 'cat "$HOME/real"')
      .replace('remove-a-cluster "$DASHBUTTON_NAME"', ':');
    const { lines, broken } = await tried(program(room, made));
    expect(lines.at(-1)).toBe('It keeps the contract.');
    expect(broken).toBe(0);
  });

  const observe = (text: string) => `#!/bin/sh
case "$1" in
create) ${text === 'no' ? 'echo "no room" >&2; exit 10' : 'printf %s "$DASHBUTTON_MARK" >"$HOME/made"'} ;;
observe) if [ -e "$HOME/made" ]; then ${text}; else echo '{"state": "absent"}'; fi ;;
delete) rm -f "$HOME/made" ;;
*) exit 11 ;;
esac
`;

  test.for([
    ['has lost our mark', `echo '{"state": "building"}'`, 'it has lost our mark'],
    [
      'has another id each time',
      `printf '{"state": "building", "id": "%s", "mark": "%s"}' $$ "$(cat "$HOME/made")"`,
      'its id was',
    ],
    [
      'is never ready',
      `printf '{"state": "building", "phase": "thinking", "mark": "%s"}' "$(cat "$HOME/made")"`,
      'not within 2 s; last: building: thinking',
    ],
    [
      'breaks',
      `printf '{"state": "failed", "message": "no disk", "mark": "%s"}' "$(cat "$HOME/made")"`,
      'failed: no disk',
    ],
    ['refuses', 'no', 'refused: no room'],
  ] as const)('a program that %s is told so, and nothing is left', async ([, text, words], { room }) => {
    const { broken, lines } = await tried(program(room, observe(text), 2));
    expect(broken).toBe(1);
    expect(lines.find(line => line.startsWith('BROKEN'))).toContain(words);
    expect(lines.filter(line => line.startsWith('LEFT'))).toEqual([]);
    expect(() => readFileSync(join(room.lab.folder, 'made'))).toThrow('ENOENT');
  });

  test('stopped in the middle: removed all the same', async ({ room }) => {
    const stop = new AbortController();
    const trial = tried(settingsWith(room, undefined), stop.signal);
    await until(() => room.lab.ccp.clusters().length > 0, 'its cluster');
    stop.abort();
    expect((await trial).broken).toBe(1);
    expect(room.lab.ccp.clusters()).toEqual([]);
  });

  test('a profile that is not there', async ({ room }) => {
    const config = settingsWith(room, undefined);
    const { code, stderr } = await dashbutton(['platform', 'test', '--config', config, '--profile', 'hose']);
    expect(stderr).toContain('--profile hose: there is no such profile; there is house');
    expect(code).toBe(2);
  });
});
