/** What the doctor says of a platform that is a program. */
import { expect, onTestFinished, test } from 'vitest';
import { scriptDoctor } from '../../cli/doctor/script.ts';
import type { Visit } from '../../cli/doctor/visit.ts';
import { ScriptPlatform } from '../../provisioner/src/platforms/script/script.ts';
import { configOf } from '../provisioner/platforms/fixtures/script-config.ts';

/** A shell that is given its program as an argument; the verb comes after it. */
function looked(program: string): Promise<string> {
  const config = configOf('/bin/sh', ['-c', program, 'sh']);
  const platform = new ScriptPlatform(config);
  onTestFinished(() => platform.close());
  const visit = { platform: async () => platform, limit: () => AbortSignal.timeout(60_000) };
  return scriptDoctor.logIn('mine', config, visit as unknown as Visit);
}

test('a program that has neither describe nor check is well', async () => {
  expect(await looked('exit 11')).toBe('mine: /bin/sh answers');
});

test('what its own check finds is told, with what to do', async () => {
  const broken = looked('case "$1" in check) echo "no login at the cloud" >&2; exit 1 ;; *) exit 11 ;; esac');
  await expect(broken).rejects.toMatchObject({
    problems: [
      {
        setting: 'platforms.mine.command',
        found: 'check: no login at the cloud',
        advice: expect.stringContaining('run it by hand'),
      },
    ],
  });
});
