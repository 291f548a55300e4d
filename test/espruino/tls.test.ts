/** TLS to the relay on the real interpreter: to a listener with an RSA certificate, and never to one without. */
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { startRelay } from '../../relay/src/relay.ts';
import type { Lab } from '../e2e/lab.ts';
import { makeCertificate } from '../simulator-board/certificates.ts';
import type { ChipEvent } from './events.ts';
import { howToEnable, interpreter } from './interpreter.ts';
import { type Waking, wake, withLab } from './journey.ts';
import { tellLargest } from './variables.ts';

/** Puts a relay with TLS in the place of the lab's, on the same port. Returns what a button needs to dial it so. */
async function withTls(lab: Lab, kind: 'rsa' | 'ec'): Promise<NonNullable<Waking['device']>> {
  await lab.relay.close();
  const { host, port } = lab.relay;
  const tls = { port: 0, ...(await makeCertificate(kind)) };
  lab.relay = await startRelay({ host, port, tls, users: lab.site.usersFile, log: silentLog });
  return file => ({ ...file, relay: { ...file.relay, port: lab.relay.tls?.port, tls: true } });
}

/** What the program has dialled with. */
const modulesOf = (events: ChipEvent[]) =>
  events.flatMap(event => (event.what === 'connect' ? [event.module] : []));

describe.skipIf(!interpreter).concurrent(`TLS on the real interpreter (${howToEnable})`, () => {
  it('carries a press until its cluster is ready', () =>
    withLab({ provisioner: false }, async lab => {
      const device = await withTls(lab, 'rsa');
      await (await lab.startProvisioner()).whenOnline(5000);
      const { views, events } = await wake(lab, { device, script: [['ready', 'stop']] });
      expect(views.at(-1)).toMatchObject({
        cluster: 'house-01-1',
        address: lab.platform.clusters()[0]?.address,
      });
      expect(modulesOf(events)).toEqual(['tls']);
    }));

  it('is not to be had from an EC certificate: the display says RELAY', () =>
    withLab({ provisioner: false }, async lab => {
      const device = await withTls(lab, 'ec');
      const { views, events } = await wake(lab, {
        ...{ device, script: [['RELAY', 'stop']] },
        // Said after the handshake has failed and the socket has told its error.
        complaint: /^Uncaught undefined$/,
      });
      expect(views.at(-1)).toMatchObject({ code: 'RELAY' });
      expect(modulesOf(events)).toEqual(['tls']);
    }));
});

tellLargest();
