/** Step 3: through the proxy there is a tunnel to the relay, and nothing else is at its end. */
import { proxyName } from '../../provisioner/src/uplink/addresses.ts';
import { dial } from '../../provisioner/src/uplink/dial.ts';
import { HopError } from '../../provisioner/src/uplink/hop-error.ts';
import { Broken, type Finding } from './result.ts';
import type { Visit } from './visit.ts';
import { proxyProblem } from './way-problems.ts';
import { eachWay, type Way } from './ways.ts';

/** @throws Broken. That the proxy cannot reach the relay is for the next step. */
export function proxy(visit: Visit): Promise<Finding> {
  return eachWay(visit.ways, way => proxyOf(way, visit));
}

async function proxyOf({ relay, proxyPath }: Way, visit: Visit): Promise<Finding> {
  const { proxy: through } = relay;
  if (through === undefined) return { found: 'none: the relay is reached directly' };
  const name = `${through.type} proxy ${proxyName(through)}`;
  const login = through.user === undefined ? '' : ` with a login as ${through.user}`;
  try {
    // All the way: a proxy that says yes and means no shows it only behind its yes.
    (await dial(relay, through, visit.limit())).destroy();
    return { found: `${name} opens a tunnel${login}` };
  } catch (error) {
    if (!(error instanceof HopError)) throw error;
    if (error.hop === 'RELAY') return { found: `${name} answers${login}` };
    throw new Broken(proxyProblem(error, through, proxyPath));
  }
}
