/** The proxy that only the environment names, with a real squid: used, left aside, and named in log and error. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { proxyFor } from '../../provisioner/src/uplink/proxy-env.ts';
import { installed } from '../fixtures/installed.ts';
import { login, secretName, squid, squidLogin, stopPrograms } from './fixtures/proxies-programs.ts';
import {
  complaint,
  type LabLink,
  type Listeners,
  labLink,
  proveBothWays,
  startDoors,
  stopLink,
} from './fixtures/proxies-relay.ts';

let listeners: Listeners;
let lab: LabLink | undefined;

beforeEach(async () => {
  listeners = await startDoors();
});
afterEach(async () => {
  if (lab !== undefined) await stopLink(lab);
  lab = undefined;
  await listeners.close();
  await stopPrograms();
});

describe.skipIf(!installed('squid'))('squid, named by HTTPS_PROXY alone (needs squid)', () => {
  test.each([
    'mqtts',
    'wss',
  ] as const)('it is gone through, login and all, and the log names the variable: %s', async scheme => {
    const proxy = await squid(squidLogin);
    const user = `${login.user}:${encodeURIComponent(login.password)}`;
    const env = { HTTPS_PROXY: `http://${user}@127.0.0.1:${proxy.port}`, NO_PROXY: '127.0.0.0/8,.example' };
    const listener = listeners.listener(scheme, secretName);
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: line => void lines.push(line) });
    lab = labLink(listeners, listener, proxyFor(listener, env), { log });
    await proveBothWays(listeners, lab);
    expect(lines.join('')).toContain(`"way":"http proxy 127.0.0.1:${proxy.port} (from HTTPS_PROXY)"`);
    expect(lines.join('')).not.toContain(login.password);
    expect(lines.join('')).not.toContain(encodeURIComponent(login.password));
  });

  test('a wrong login there: PROXY, the variable, and not the password', async () => {
    const proxy = await squid(squidLogin);
    const listener = listeners.listener('wss', secretName);
    lab = labLink(
      listeners,
      listener,
      proxyFor(listener, { https_proxy: `http://lab:wr0ng@127.0.0.1:${proxy.port}` }),
    );
    const said = await complaint(lab);
    expect(said).toMatch(
      /^PROXY proxy .* \(from https_proxy\) refused: .* 407 .*\(check the user and the password in https_proxy\)/,
    );
    expect(said).not.toContain('wr0ng');
  });

  test('NO_PROXY has it left aside', async () => {
    const proxy = await squid();
    const listener = listeners.listener('wss', secretName);
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '.lab.invalid' };
    lab = labLink(listeners, listener, proxyFor(listener, env));
    // Only the proxy knows the name.
    expect(await complaint(lab)).toMatch(
      /^RELAY relay\.lab\.invalid:\d+ is not reachable: its name is not known/,
    );
    expect(proxy.log()).not.toContain('CONNECT');
  });
});
