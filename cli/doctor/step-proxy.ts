/** Step 3: through the proxy there is a tunnel to the relay. */
import { proxyName } from '../../provisioner/src/way/addresses.ts';
import { dial } from '../../provisioner/src/way/dial.ts';
import { HopError } from '../../provisioner/src/way/hop-error.ts';
import { Broken, type Finding } from './result.ts';
import type { Visit } from './visit.ts';
import { proxyProblem } from './way-problems.ts';

/** @throws Broken. That the proxy cannot reach the relay is for the next step. */
export async function proxy(visit: Visit): Promise<Finding> {
  const { relay, proxy: through } = visit.config;
  if (through === undefined) return { found: 'none: the relay is reached directly' };
  const name = `${through.type} proxy ${proxyName(through)}`;
  const login = through.user === undefined ? '' : ` with a login as ${through.user}`;
  try {
    const stream = await dial(tunnelOnly(relay), through, visit.limit());
    stream.destroy();
    return { found: `${name} opens a tunnel${login}` };
  } catch (error) {
    if (!(error instanceof HopError)) throw error;
    if (error.hop === 'RELAY') return { found: `${name} answers${login}` };
    throw new Broken(proxyProblem(error, through));
  }
}

/** The way to the relay without a word to it. */
export function tunnelOnly({ host, port }: { host: string; port: number }) {
  return { host, port, tls: false };
}
