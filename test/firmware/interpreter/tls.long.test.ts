/** TLS to the relay on the real interpreter: to a listener with an RSA certificate, and never to one without. */
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../../config/src/log.ts';
import { startRelay } from '../../../relay/src/relay.ts';
import type { Lab } from '../../e2e/fixtures/lab.ts';
import { patience } from '../../fixtures/patience.ts';
import { makeCertificate } from '../../simulator/board/fixtures/certificates.ts';
import type { ChipEvent } from './fixtures/events.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { type Waking, wake, withLab } from './fixtures/journey.ts';
import { tellLargest } from './fixtures/variables.ts';

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

describe.skipIf(!interpreter).concurrent('TLS on the real interpreter (needs ESPRUINO)', () => {
  test('carries a press until its cluster is ready', () =>
    withLab({ provisioner: false }, async lab => {
      const device = await withTls(lab, 'rsa');
      await (await lab.startProvisioner()).whenOnline(patience(5000));
      const { views, events } = await wake(lab, { device, script: [['ready', 'stop']] });
      expect(views.at(-1)).toMatchObject({
        cluster: 'house-01-1',
        address: lab.platform.clusters()[0]?.address,
      });
      expect(modulesOf(events)).toEqual(['tls']);
    }));

  test('is not to be had from an EC certificate: the display says RELAY', () =>
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
