/** Step 7: each platform answers, with the certificate that the settings name, and takes the login. */
import { doctorOf } from './kinds.ts';
import type { Finding } from './result.ts';
import type { Visit } from './visit.ts';

/** @throws Broken at the first platform that cannot be used. */
export async function platformLogin(visit: Visit): Promise<Finding> {
  const found: string[] = [];
  const warnings: string[] = [];
  for (const [name, config] of Object.entries(visit.config.platforms)) {
    found.push(await doctorOf(config).logIn(name, config, visit, warnings));
  }
  return { found: found.join('; ') || 'there is none in the settings', warnings };
}
