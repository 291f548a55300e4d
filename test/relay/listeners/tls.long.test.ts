/** The relay's TLS, asked by the button's real interpreter. What it offers is asked of tls.test.ts with Node's own client. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqttPacket from 'mqtt-packet';
import { expect, onTestFinished, test } from 'vitest';
import { interpreter } from '../../firmware/interpreter/fixtures/interpreter.ts';
import { runOnInterpreter } from '../../firmware/interpreter/fixtures/runner.ts';
import { patience } from '../../fixtures/patience.ts';
import { makeCertificate } from '../../simulator/board/fixtures/certificates.ts';
import { connectPacket, relayForTest } from '../fixtures/helpers.ts';

/** Joins, dials over TLS, sends a CONNECT and prints what comes back. */
const dial = (port: number, connectBytes: Buffer) => `
  require('Wifi').connect('home', { password: 'secret' }, function () {
    require('tls').connect({ host: '127.0.0.1', port: ${port} }, function (socket) {
      socket.on('data', function (data) {
        print('heard ' + btoa(data));
        socket.end();
      });
      socket.on('close', function () { ESP32.deepSleepExt0(0, 0); });
      socket.write(atob('${connectBytes.toString('base64')}'));
    });
  });`;

test.skipIf(interpreter === undefined)(
  'the real interpreter logs in over TLS (needs ESPRUINO)',
  async () => {
    const [rsa, ec] = await Promise.all([makeCertificate('rsa'), makeCertificate('ec')]);
    // EC comes first in the list, and the interpreter knows none.
    const relay = await relayForTest({ tls: { port: 0, certificates: [ec, rsa] } });
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-tls-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const run = await runOnInterpreter({
      binary: interpreter ?? '',
      bundle: dial(relay.tls?.port ?? 0, mqttPacket.generate(connectPacket('house-01'))),
      dir,
      wifi: [{ ssid: 'home', password: 'secret' }],
      timeoutMs: patience(10_000),
    });
    // CONNACK, no session, accepted.
    expect(run.lines).toContain(`heard ${Buffer.from([0x20, 2, 0, 0]).toString('base64')}`);
    expect(relay.stats()).toMatchObject({ logins: 1, refused: {} });
  },
  patience(20_000),
);
