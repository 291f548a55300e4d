/** Step 4: the relay answers, with a certificate that is believed, and with a WebSocket where the settings want one. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { at, type RelayAddress } from '../../provisioner/src/uplink/addresses.ts';
import { blame, describe, type Seen } from '../../provisioner/src/uplink/certificate.ts';
import { dial, relayTlsFailure } from '../../provisioner/src/uplink/dial.ts';
import { HopError } from '../../provisioner/src/uplink/hop-error.ts';
import { handshake } from '../../provisioner/src/uplink/sockets.ts';
import { endWarning } from './certificate.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import type { Visit } from './visit.ts';
import { proxyProblem, relayProblem, withoutHop } from './way-problems.ts';
import { eachWay, type Way } from './ways.ts';

/** @throws Broken. */
export function relay(visit: Visit): Promise<Finding> {
  return eachWay(visit.ways, way => relayAt(way, visit));
}

async function relayAt(way: Way, visit: Visit): Promise<Finding> {
  const { relay: to } = way;
  const name = at(to.host, to.port);
  const plain = await open(visit, way, { host: to.host, port: to.port, tls: false });
  const seen = to.tls ? await certificateOn(plain, way, visit.limit()) : undefined;
  plain.destroy();
  if (seen?.distrust !== undefined) throw new Broken(distrustProblem(seen, seen.distrust, way));
  // Once more, all the way, as the provisioner goes.
  (await open(visit, way)).destroy();
  const webSocket = to.path === undefined ? [] : [`WebSocket at ${to.path}`];
  return {
    found: [name, seen === undefined ? 'no TLS' : describe(seen), ...webSocket].join(', '),
    warnings: seen === undefined ? [] : endWarning("the relay's", seen, visit.options.now()),
  };
}

/** As the provisioner dials. @throws Broken. */
export async function open(visit: Visit, way: Way, to: RelayAddress = way.relay): Promise<Duplex> {
  try {
    return await dial(to, way.relay.proxy, visit.limit());
  } catch (error) {
    if (!(error instanceof HopError)) throw error;
    throw new Broken(hopProblem(error, way));
  }
}

/** The proxy has answered a moment ago; it may not do so now. */
export function hopProblem(error: HopError, way: Way): Problem {
  const { proxy } = way.relay;
  return error.hop === 'PROXY' && proxy !== undefined
    ? proxyProblem(error, proxy, way.proxyPath)
    : relayProblem(error, way);
}

async function certificateOn(plain: Duplex, way: Way, signal: AbortSignal): Promise<Seen> {
  if (!(plain instanceof Socket)) throw new Error('the tunnel is no socket');
  const { relay } = way;
  try {
    const { seen, secure } = await handshake(
      plain,
      relay,
      signal,
      relayTlsFailure(plain, relay, relay.proxy),
    );
    secure.destroy();
    return seen;
  } catch (error) {
    if (!(error instanceof HopError)) throw error;
    if (error.hop === 'PROXY') throw new Broken(hopProblem(error, way));
    throw new Broken({
      setting: `${way.path}.url`,
      found: withoutHop(error),
      expected: 'TLS, because of mqtts:// or wss://',
      advice: 'see whether this is the port with TLS',
    });
  } finally {
    plain.destroy();
  }
}

function distrustProblem(seen: Seen, code: string, { relay: { host, ca }, path }: Way): Problem {
  const found = `${describe(seen)} is not believed (${code})`;
  switch (blame(code)) {
    case 'name':
      return {
        setting: `${path}.url`,
        found,
        expected: `a certificate for ${host}`,
        advice: 'use a name that stands in the certificate, or have the relay given one for this name',
      };
    case 'time':
      return {
        setting: "the relay's --cert",
        found,
        expected: "a certificate that is valid now, by this machine's clock",
        advice: 'renew it, and restart the relay',
      };
    case 'authority':
      return {
        setting: `${path}.ca`,
        found,
        expected:
          ca === undefined ? 'an authority that this system knows' : `one of the authorities in ${path}.ca`,
        advice:
          'name the PEM file of the authority that signed it; if that is not the authority you expect, somebody is in between',
      };
  }
}
