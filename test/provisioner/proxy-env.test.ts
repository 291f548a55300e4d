/** Which proxy the environment names for which relay, and how the settings go before it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { type Environment, proxyFor } from '../../provisioner/src/way/proxy-env.ts';
import { relayAddress } from '../../provisioner/src/way/relay-url.ts';

const every = {
  HTTPS_PROXY: 'http://s.example:1',
  HTTP_PROXY: 'http://h.example:2',
  ALL_PROXY: 'socks5://a.example:3',
};

/** `host:port from` of the proxy for this relay, or undefined. */
function found(url: string, env: Environment): string | undefined {
  const relay = relayAddress(url);
  if (relay === undefined) throw new Error(url);
  const proxy = proxyFor(relay, env);
  return proxy && `${proxy.type} ${proxy.host}:${proxy.port} ${proxy.from}`;
}

const variables: [string, Environment, string | undefined][] = [
  ['mqtts://r.example', every, 'http s.example:1 HTTPS_PROXY'],
  ['wss://r.example', every, 'http s.example:1 HTTPS_PROXY'],
  ['ws://r.example', every, 'http h.example:2 HTTP_PROXY'],
  ['mqtt://r.example', every, 'socks5 a.example:3 ALL_PROXY'],
  ['mqtts://r.example', { ...every, HTTPS_PROXY: '' }, 'socks5 a.example:3 ALL_PROXY'],
  ['ws://r.example', { ALL_PROXY: every.ALL_PROXY }, 'socks5 a.example:3 ALL_PROXY'],
  ['mqtts://r.example', { HTTP_PROXY: every.HTTP_PROXY }, undefined],
  ['mqtt://r.example', { HTTPS_PROXY: every.HTTPS_PROXY, HTTP_PROXY: every.HTTP_PROXY }, undefined],
  ['wss://r.example', { ...every, https_proxy: 'http://low.example:9' }, 'http low.example:9 https_proxy'],
  ['wss://r.example', { all_proxy: 'socks5h://low.example' }, 'socks5 low.example:1080 all_proxy'],
  ['wss://r.example', { ALL_PROXY: 'socks://low.example' }, 'socks5 low.example:1080 ALL_PROXY'],
  ['wss://r.example', { HTTPS_PROXY: 'https://tls.example' }, 'https tls.example:443 HTTPS_PROXY'],
  ['wss://r.example', { HTTPS_PROXY: 'bare.example:3128' }, 'http bare.example:3128 HTTPS_PROXY'],
  ['wss://r.example', { HTTPS_PROXY: 'http://[::1]:3128/' }, 'http ::1:3128 HTTPS_PROXY'],
  ['wss://r.example', {}, undefined],
  // This machine is never behind a proxy.
  ['mqtts://localhost', every, undefined],
  ['mqtts://relay.localhost', every, undefined],
  ['wss://127.1.2.3', every, undefined],
  ['wss://[::1]', every, undefined],
];

test.each(variables)('%s with %o: %s', (url, env, expected) => {
  expect(found(url, env)).toBe(expected);
});

const exceptions: [string, string, boolean][] = [
  ['*', 'wss://r.example', true],
  ['r.example', 'wss://r.example', true],
  ['R.Example.', 'wss://r.example', true],
  ['example', 'wss://r.example', true],
  ['.example', 'wss://r.example', true],
  ['*.example', 'wss://r.example', true],
  ['ample', 'wss://r.example', false],
  ['x.r.example', 'wss://r.example', false],
  ['other, r.example', 'wss://r.example', true],
  ['other r.example', 'wss://r.example', true],
  ['r.example:443', 'wss://r.example', true],
  ['r.example:8883', 'wss://r.example', false],
  ['.example:8883', 'mqtts://r.example', true],
  ['10.1.2.3', 'mqtts://10.1.2.3', true],
  ['10.1.2.3:8883', 'mqtts://10.1.2.3', true],
  ['10.1.2.3:443', 'mqtts://10.1.2.3', false],
  ['10.0.0.0/8', 'mqtts://10.1.2.3', true],
  ['10.1.2.0/23', 'mqtts://10.1.3.255', true],
  ['10.1.2.0/23', 'mqtts://10.1.4.0', false],
  ['0.0.0.0/0', 'mqtts://10.1.4.0', true],
  ['10.0.0.0/8', 'mqtts://10.example', false],
  ['10.0.0.0/33', 'mqtts://10.0.0.1', false],
  ['10.0.0.0/', 'mqtts://10.0.0.1', false],
  ['1.2.3', 'mqtts://0.1.2.3', false],
  ['fd00::/8', 'mqtts://[fd12::1]', true],
  ['fd00::/8', 'mqtts://[fe80::1]', false],
  ['[fd12::1]:8883', 'mqtts://[fd12::1]', true],
  ['[fd12::1]:1', 'mqtts://[fd12::1]', false],
  ['FD12:0::1', 'mqtts://[fd12::1]', true],
  ['', 'mqtts://r.example', false],
  [' , ', 'mqtts://r.example', false],
];

test.each(exceptions)('NO_PROXY=%s, %s: direct is %s', (list, url, direct) => {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    expect(found(url, { ...every, [name]: list }) === undefined).toBe(direct);
  }
});

test('credentials are percent-decoded; what is no URL is not repeated', () => {
  const relay = { host: 'r.example', port: 443, tls: true, path: '/mqtt' };
  expect(proxyFor(relay, { HTTPS_PROXY: 'http://corp%5Clab:p%40%3Ass@p:1' })).toEqual({
    type: 'http',
    host: 'p',
    port: 1,
    user: 'corp\\lab',
    password: 'p@:ss',
    from: 'HTTPS_PROXY',
  });
  for (const broken of ['http://u:s3cret%zz@p:1', 'ftp://u:s3cret@p', 'http://u:s3cret@p/x', 'u:s3cret']) {
    const said = (() => {
      try {
        return String(proxyFor(relay, { HTTPS_PROXY: broken })?.type);
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(said).toMatch(/^HTTPS_PROXY in the environment names no proxy: expected /);
    expect(said).not.toContain('s3cret');
  }
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The least settings, with these changes, loaded in this environment. */
function load(change: Record<string, unknown>, env: Environment, url = 'wss://relay.example.net') {
  const settings = {
    site: 'lab',
    relay: { url, user: 'lab', passwordFile: 'relay.password', keepAliveS: 20 },
    siteKeyFile: 'site.key',
    journal: 'journal',
    platforms: {},
    profiles: {},
    buttons: {},
    ...change,
  };
  const files: Record<string, string> = {
    'provisioner.yaml': stringify(settings),
    'proxy-ca.pem': '-----BEGIN CERTIFICATE-----\ny\n',
    'proxy.password': 'p\n',
    'relay.password': 'r\n',
    'site.key': Buffer.alloc(32, 7).toString('base64'),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return loadConfig(join(folder, 'provisioner.yaml'), env);
}

test('the settings go before the environment, and none switches it off', () => {
  expect(load({}, every).proxy).toMatchObject({ host: 's.example', from: 'HTTPS_PROXY' });
  expect(load({}, {}).proxy).toBeUndefined();
  expect(load({ proxy: 'socks5://mine:99' }, every).proxy).toEqual({
    type: 'socks5',
    host: 'mine',
    port: 99,
  });
  expect(load({ proxy: 'none' }, every).proxy).toBeUndefined();
  const tls = { proxy: 'https://u@mine:99', proxyPasswordFile: 'proxy.password', proxyCa: 'proxy-ca.pem' };
  expect(load(tls, every).proxy).toMatchObject({
    type: 'https',
    user: 'u',
    password: 'p',
    ca: expect.stringContaining('y'),
  });
  expect(() => load({}, { HTTPS_PROXY: '%' })).toThrow(/^HTTPS_PROXY in the environment names no proxy/);
});

test('WebSocket addresses and keep-alive of the settings', () => {
  expect(load({}, {}, 'ws://r.example').relay).toMatchObject({
    port: 80,
    tls: false,
    path: '/mqtt',
    keepAliveS: 20,
  });
  expect(load({}, {}, 'wss://r.example/').relay).toMatchObject({ port: 443, tls: true, path: '/' });
  expect(load({}, {}, 'wss://r.example:444/a/b').relay).toMatchObject({ port: 444, path: '/a/b' });
  expect(load({}, {}, 'mqtts://r.example').relay).not.toHaveProperty('path');
  expect(() => load({}, {}, 'wss://u:s3cret@r.example')).toThrow(/relay\.url: expected mqtt:.*wss:/);
  expect(() => load({}, {}, 'wss://r.example/x?token=y')).toThrow(/relay\.url: expected/);
  expect(() => load({}, {}, 'mqtts://r.example/x')).toThrow(/relay\.url: expected/);
  expect(() => load({ proxy: 'http://u:s3cret@p:1' }, {})).toThrow(/proxy: holds a password/);
  expect(() => load({ proxy: 'http://u%zz@p:1' }, {})).toThrow(/proxy: expected http:/);
  expect(() => load({ proxy: 'http://p:1', proxyCa: 'proxy-ca.pem' }, {})).toThrow(/proxyCa: goes with/);
});
