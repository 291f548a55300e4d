/** Step 4: the relay answers, with a certificate that is believed, and with a WebSocket where the settings want one. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../config/src/setup-error.ts';
import { at, type RelayAddress } from '../../provisioner/src/way/addresses.ts';
import { dial } from '../../provisioner/src/way/dial.ts';
import { HopError } from '../../provisioner/src/way/hop-error.ts';
import { blame, describe, endWarning, look, type Seen } from './certificate.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import { tunnelOnly } from './step-proxy.ts';
import type { Visit } from './visit.ts';
import { proxyProblem, relayProblem } from './way-problems.ts';

/** @throws Broken. */
export async function relay(visit: Visit): Promise<Finding> {
  const { relay: to } = visit.config;
  const name = at(to.host, to.port);
  const plain = await open(visit, tunnelOnly(to));
  const seen = to.tls ? await certificateOn(plain, to) : undefined;
  plain.destroy();
  if (seen?.distrust !== undefined) throw new Broken(distrustProblem(seen, seen.distrust, to));
  // Once more, all the way, as the provisioner goes.
  (await open(visit, to)).destroy();
  const webSocket = to.path === undefined ? [] : [`WebSocket at ${to.path}`];
  return {
    found: [name, seen === undefined ? 'no TLS' : describe(seen), ...webSocket].join(', '),
    warnings: seen === undefined ? [] : endWarning("the relay's", seen, visit.options.now()),
  };
}

/** As the provisioner dials. @throws Broken. */
export async function open(visit: Visit, to: RelayAddress): Promise<Duplex> {
  const { relay: settings, proxy } = visit.config;
  try {
    return await dial(to, proxy, visit.limit());
  } catch (error) {
    if (!(error instanceof HopError)) throw error;
    // The proxy has answered a moment ago; now it does not.
    if (error.hop === 'PROXY' && proxy !== undefined) throw new Broken(proxyProblem(error, proxy));
    throw new Broken(relayProblem(error, settings, proxy));
  }
}

async function certificateOn(plain: Duplex, { host, port, ca }: RelayAddress): Promise<Seen> {
  if (!(plain instanceof Socket)) throw new Error('the tunnel is no socket');
  try {
    const { seen, secure } = await look(plain, host, ca);
    secure.destroy();
    return seen;
  } catch (error) {
    throw new Broken({
      setting: 'relay.url',
      found: `${at(host, port)} speaks no TLS: ${messageOf(error)}`,
      expected: 'TLS, because of mqtts:// or wss://',
      advice: 'see whether this is the port with TLS',
    });
  } finally {
    plain.destroy();
  }
}

function distrustProblem(seen: Seen, code: string, { host, ca }: RelayAddress): Problem {
  const found = `${describe(seen)} is not believed (${code})`;
  switch (blame(code)) {
    case 'name':
      return {
        setting: 'relay.url',
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
        setting: 'relay.ca',
        found,
        expected:
          ca === undefined ? 'an authority that this system knows' : 'one of the authorities in relay.ca',
        advice:
          'name the PEM file of the authority that signed it; if that is not the authority you expect, somebody is in between',
      };
  }
}
