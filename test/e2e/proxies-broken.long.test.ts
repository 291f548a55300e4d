/** Broken proxies that take their time, and real ones of Debian with the wrong scheme; the others: proxies-broken.test.ts. */
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ProxyAddress } from '../../provisioner/src/uplink/addresses.ts';
import { makeAuthority } from '../../simulator/ccp/certificates.ts';
import { idleProxy } from '../fixtures/cruel-proxies.ts';
import { installed } from '../fixtures/installed.ts';
import { patience, pause, until } from '../fixtures/patience.ts';
import {
  danted,
  inspectingSquid,
  microsocks,
  type RunningProgram,
  squid,
  squidOpensTls,
  stopPrograms,
  tinyproxy,
} from './fixtures/proxies-programs.ts';
import { type Listeners, labLink, startDoors, stopLink } from './fixtures/proxies-relay.ts';

/** Of the lines that a link has logged. */
type Line = { msg: string; keepAliveS?: number };

/**
 * The limit in seconds, what is said every how many seconds once that is known, how many cuts there may be. One second
 * is ten here: a keep-alive of 3 s for 30, and one minute for ten. 30 s would be a race that either may win.
 */
const limits: [number, 'end' | 'reset', number | undefined, number[]][] = [
  [20, 'end', 1, [2]],
  [25, 'end', 1, [2]],
  [25, 'reset', 1, [2]],
  [60, 'end', undefined, [0]],
];

let listeners: Listeners;
beforeAll(async () => {
  listeners = await startDoors(limits.length);
});
afterAll(() => listeners.close());

const proxyAt = (port: number, type: ProxyAddress['type'] = 'http'): ProxyAddress => ({
  ...{ type, host: '127.0.0.1', port },
});

describe('proxies that cut quiet tunnels, in a tenth of their times', () => {
  // Side by side: they wait.
  test.concurrent.for(limits)(
    'after %i s with %s: two cuts, one line of log, and then none in ten minutes',
    { timeout: patience(120_000) },
    async (row, context) => {
      const [limitS, how, keepAliveS, cuts] = row;
      // A login has one connection.
      const index = limits.indexOf(row);
      const proxy = await idleProxy(limitS * 100, how, context);
      const lines: Line[] = [];
      const log = pino({}, { write: line => void lines.push(JSON.parse(line)) });
      const relay = { ...listeners.listener('mqtts'), keepAliveS: 3 };
      const lab = labLink(listeners, relay, proxyAt(proxy.port), { index, log });
      context.onTestFinished(() => stopLink(lab));
      if (!cuts.includes(0)) await until(() => lab.link.learned, 'what two cuts teach', 20_000);
      await until(() => lab.link.connected, 'the link');
      await pause(60_000);
      expect(cuts).toContain(proxy.cuts());
      const learned = proxy.cuts() === 2 ? [keepAliveS] : [];
      expect([lab.link.learned].flatMap(it => it?.keepAliveS ?? [])).toEqual(learned);
      const told = lines.filter(({ msg }) => msg.startsWith('connections that are quiet for '));
      expect(told.map(line => line.keepAliveS)).toEqual(learned);
      expect(lines.filter(({ msg }) => msg === 'lost the relay')).toHaveLength(proxy.cuts());
    },
  );
});

const programs: [string, 'http' | 'socks5', () => Promise<RunningProgram>][] = [
  ['squid', 'http', () => squid()],
  ['tinyproxy', 'http', () => tinyproxy()],
  ['microsocks', 'socks5', () => microsocks()],
  ['danted', 'socks5', () => danted()],
];

for (const [program, is, start] of programs) {
  describe.skipIf(!installed(program))(
    `${program} and a URL with the wrong scheme (needs ${program})`,
    () => {
      afterEach(stopPrograms);
      const wrong = (['http', 'https', 'socks5'] as const).filter(type => type !== is);

      test.each(wrong)(`the right scheme is told: ${program} is no %s`, {
        timeout: patience(60_000),
      }, async type => {
        const { port } = await start();
        const lab = labLink(listeners, listeners.listener('mqtts'), proxyAt(port, type));
        onTestFinished(() => stopLink(lab));
        const words =
          is === 'http' ? 'it speaks HTTP: make it http://' : 'it speaks SOCKS5: make it socks5://';
        // A server that waits for the rest of what it takes for a line is given ten seconds.
        const said = await until(() => lab.link.lastError, 'a complaint', 20_000);
        expect(said).toMatch(/^PROXY /);
        expect(said).toContain(`(${words} in proxy)`);
      });
    },
  );
}

describe.skipIf(!squidOpensTls())('a squid that opens TLS (needs squid-openssl)', () => {
  afterEach(stopPrograms);

  /** What a link says; undefined once it is connected. */
  async function said(
    scheme: 'mqtts' | 'wss',
    upgrade: boolean,
    known: boolean,
  ): Promise<string | undefined> {
    const gate = await makeAuthority('Gate CA');
    const { port } = await inspectingSquid(`${gate.certPem}\n${gate.keyPem}`, upgrade);
    const listener = listeners.listener(scheme);
    const lab = labLink(listeners, known ? { ...listener, ca: gate.certPem } : listener, proxyAt(port));
    onTestFinished(() => stopLink(lab));
    await until(() => lab.link.connected || lab.link.lastError, 'an end', 20_000);
    return lab.link.lastError;
  }

  test('is seen by its certificate', async () => {
    expect(await said('mqtts', true, false)).toMatch(
      /^PROXY .* shows a certificate of localhost by Gate CA .*: it seems to inspect TLS/,
    );
  });

  test('with its authority known lets WebSockets pass where it is told to, and MQTT never', async () => {
    expect(await said('wss', true, true)).toBeUndefined();
    expect(await said('wss', false, true)).toMatch(/^PROXY .* takes the Upgrade of our WebSocket out/);
    expect(await said('mqtts', true, true)).toMatch(
      /^RELAY .* \(or the proxy looks into TLS and lets HTTP pass alone: /,
    );
  });
});
