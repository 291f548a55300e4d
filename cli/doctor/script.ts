/** What the doctor looks at of a platform of type script: the program runs, and its own check is well. */
import { messageOf } from '../../config/src/setup-error.ts';
import type { ScriptConfig } from '../../provisioner/src/platforms/script/settings.ts';
import type { PlatformDoctor } from './platform-doctor.ts';
import { Broken } from './result.ts';
import type { Visit } from './visit.ts';

export const scriptDoctor = {
  // It looks up what it needs by itself.
  firstHop: async () => undefined,
  logIn: check,
  blame: problem => problem,
} satisfies PlatformDoctor<ScriptConfig>;

/** @returns what was found. @throws Broken. */
async function check(name: string, { command }: ScriptConfig, visit: Visit): Promise<string> {
  const platform = await visit.platform(name);
  await platform.check(visit.limit()).catch(error => {
    throw new Broken({
      setting: `platforms.${name}.command`,
      found: messageOf(error),
      expected: `${command} to answer describe and check (exit codes 0, or 11 for what it does not have)`,
      advice: 'run it by hand with the same user and environment: docs/script-platform.md',
    });
  });
  return `${name}: ${command} answers`;
}
