/** A press whose provisioner dials out over WebSocket: MQTT.js sends its CONNECT in pieces there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeServerPair } from '../../simulator/ccp/certificates.ts';
import { patience } from '../fixtures/patience.ts';
import { startLab } from './fixtures/lab.ts';

test.each([
  'ws',
  'wss',
] as const)('a press becomes an address when the provisioner dials %s', async scheme => {
  const { certPem: cert, keyPem: key } = await makeServerPair('relay', ['127.0.0.1']);
  const lab = await startLab({
    provisioner: false,
    listeners: [{ kind: scheme, port: 0 }],
    certificates: [{ cert, key }],
  });
  onTestFinished(() => lab.close());
  const listener = lab.relay.listeners.find(({ kind }) => kind === scheme);
  writeFileSync(join(lab.site.dir, 'relay-ca.pem'), cert);
  const settings = readFileSync(lab.provisionerFile, 'utf8');
  const around = scheme === 'wss' ? `${listener?.url}\n  ca: relay-ca.pem` : `${listener?.url}`;
  writeFileSync(lab.provisionerFile, settings.replace(lab.relay.url, around));
  const provisioner = await lab.startProvisioner();
  expect(await provisioner.whenOnline(patience(5_000))).toBe(true);
  const button = lab.button();
  button.board.press();
  const { address } = await button.showsKind('ready');
  expect(lab.platform.clusters().map(({ address }) => address)).toEqual([address]);
});
