/** Which proxy the environment names for which relay, and how the settings go before it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import type { RelayLogin } from '../../provisioner/src/uplink/addresses.ts';
import { type Environment, proxyFor } from '../../provisioner/src/uplink/proxy-env.ts';
import { relayAddress } from '../../provisioner/src/uplink/relay-url.ts';

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

test.each(variables)('the proxy that the environment names for %s with %o: %s', (url, env, expected) => {
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
  ['other;r.example', 'wss://r.example', true],
  ['*:443', 'wss://r.example', true],
  ['*:8883', 'wss://r.example', false],
  ['10.0.0.0/8:8883', 'mqtts://10.1.2.3', true],
  ['10.0.0.0/8:443', 'mqtts://10.1.2.3', false],
  ['fd00::/8:8883', 'mqtts://[fd12::1]', true],
  ['[fd00::]/8:8883', 'mqtts://[fd12::1]', true],
  ['[fd00::/8]:8883', 'mqtts://[fd12::1]', true],
  ['[fd00::/8]:443', 'mqtts://[fd12::1]', false],
  ['[fd12::1]', 'mqtts://[fd12::1]', true],
  ['fd12::1', 'mqtts://[fd12::2]', false],
  ['10.0.0.0/8', 'mqtts://[::ffff:a01:203]', true],
  ['<local>', 'wss://relay', true],
  ['<LOCAL>', 'wss://r.example', false],
  ['<local>', 'wss://10.1.2.3', false],
  ['<local>', 'wss://[fd12::1]', false],
  ['<local>:8883', 'wss://relay', false],
  ['192.168.*', 'wss://192.168.4.5', true],
  ['192.168.*', 'wss://192.169.4.5', false],
  ['10.*.3', 'wss://10.1.2.3', true],
  ['relay-*.example', 'wss://relay-7.example', true],
  ['relay-*.example', 'wss://r.relay-7.example', false],
  ['*.relay-*.example', 'wss://r.relay-7.example', true],
  ['*ample', 'wss://r.example', true],
  ['a.c*', 'wss://abc.example', false],
  ['b\u00fccher.example', 'wss://xn--bcher-kva.example', true],
];

test.each(exceptions)('exceptions of NO_PROXY=%s for %s: direct is %s', (list, url, direct) => {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    expect(found(url, { ...every, [name]: list }) === undefined).toBe(direct);
  }
});

const notUnderstood: [string, string, RegExp][] = [
  [
    'a prefix that is too long',
    '10.0.0.0/33',
    /"10\.0\.0\.0\/33" is not understood .* 0 to 32, after the \//,
  ],
  ['a mask', '10.0.0.0/255.0.0.0', /length of a prefix, 0 to 32/],
  ['no prefix', '10.0.0.0/', /length of a prefix, 0 to 32/],
  ['a long prefix of IPv6', 'fd00::/129', /length of a prefix, 0 to 128/],
  ['a network of names', 'example/8', /expected an address before the \//],
  ['a zone', 'fe80::1%eth0', /expected an address/],
  ['a part of an address', '10.1', /is a part of an address: write a network/],
  ['a URL', 'http://r.example', /expected a name or an address, no URL/],
  [
    'a login',
    'lab:geheim@r.example',
    /^NO_PROXY in the environment: an entry with a login is not understood/,
  ],
  ['a port', 'r.example:0', /a port from 1 to 65535/],
  ['another word in brackets', '<-loopback>', /expected \*, <local>, a name/],
  ['a regular expression', '^r\\.example$', /expected \*, <local>, a name/],
  ['stars in IPv6', 'fd00:*', /expected \*, <local>, a name/],
  ['bars', 'a.example|b.example', /expected \*, <local>, a name/],
];

test.each(notUnderstood)('what NO_PROXY says and is not understood is said: %s', (_, entry, words) => {
  const env = { ...every, NO_PROXY: `good.example ${entry}` };
  const [said = '', ...others] = load({}, env).warnings ?? [];
  expect(said).toMatch(words);
  expect(said).not.toContain('geheim');
  expect(others).toEqual([]);
  // It excepts nothing, and the others count.
  expect(found('wss://r.example', env)).toBe('http s.example:1 HTTPS_PROXY');
  expect(found('wss://good.example', env)).toBeUndefined();
});

test('NO_PROXY is looked at where it decides: not beside a proxy of the settings, nor without one', () => {
  const env = { ...every, NO_PROXY: '10.0.0.0/33' };
  expect(load({}, env).warnings).toHaveLength(1);
  expect(load({ proxy: 'none' }, env).warnings).toBeUndefined();
  expect(load({}, { NO_PROXY: env.NO_PROXY }).warnings).toBeUndefined();
  expect(load({}, env, 'wss://localhost').warnings).toBeUndefined();
});

const pacFiles = [
  'http://wpad.corp.example/wpad.dat',
  'https://u:s3cret@pac.corp.example:8080/proxy.pac',
  'file:///etc/proxy.pac',
  'pac+http://pac.corp.example/x',
];

test.each(pacFiles)('the URL of a PAC file is called that, in the settings and the environment: %s', url => {
  const said = [{}, { proxy: url }].map((change, i) => {
    try {
      load(change, i === 0 ? { HTTPS_PROXY: url } : {});
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  });
  expect(said[0]).toMatch(/^HTTPS_PROXY in the environment is the URL of a PAC file/);
  expect(said[1]).toMatch(/proxy: is the URL of a PAC file, .*open it and name what it returns/);
  expect(said.join()).not.toContain('s3cret');
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

/** The relays of a list, in this environment. */
function loadList(relays: Record<string, unknown>[], env: Environment, change: Record<string, unknown> = {}) {
  load({ ...change, relay: undefined, relays }, env);
  return loadConfig(join(folder, 'provisioner.yaml'), env).relays;
}

test('the settings go before the environment, and none switches it off', () => {
  expect(load({}, every).relays[0]?.proxy).toMatchObject({ host: 's.example', from: 'HTTPS_PROXY' });
  expect(load({}, {}).relays[0]?.proxy).toBeUndefined();
  expect(load({ proxy: 'socks5://mine:99' }, every).relays[0]?.proxy).toEqual({
    type: 'socks5',
    host: 'mine',
    port: 99,
  });
  expect(load({ proxy: 'none' }, every).relays[0]?.proxy).toBeUndefined();
  const tls = { proxy: 'https://u@mine:99', proxyPasswordFile: 'proxy.password', proxyCa: 'proxy-ca.pem' };
  expect(load(tls, every).relays[0]?.proxy).toMatchObject({
    type: 'https',
    user: 'u',
    password: 'p',
    ca: expect.stringContaining('y'),
  });
  expect(() => load({}, { HTTPS_PROXY: '%' })).toThrow(/^HTTPS_PROXY in the environment names no proxy/);
});

test('WebSocket addresses and keep-alive of the settings', () => {
  expect(load({}, {}, 'ws://r.example').relays[0]).toMatchObject({
    port: 80,
    tls: false,
    path: '/mqtt',
    keepAliveS: 20,
  });
  expect(load({}, {}, 'wss://r.example/').relays[0]).toMatchObject({ port: 443, tls: true, path: '/' });
  expect(load({}, {}, 'wss://r.example:444/a/b').relays[0]).toMatchObject({ port: 444, path: '/a/b' });
  expect(load({}, {}, 'mqtts://r.example').relays[0]).not.toHaveProperty('path');
  expect(() => load({}, {}, 'wss://u:s3cret@r.example')).toThrow(/relay\.url: expected mqtt:.*wss:/);
  expect(() => load({}, {}, 'wss://r.example/x?token=y')).toThrow(/relay\.url: expected/);
  expect(() => load({}, {}, 'mqtts://r.example/x')).toThrow(/relay\.url: expected/);
  expect(() => load({ proxy: 'http://u:s3cret@p:1' }, {})).toThrow(/proxy: holds a password/);
  expect(() => load({ proxy: 'http://u%zz@p:1' }, {})).toThrow(/proxy: expected http:/);
  expect(() => load({ proxy: 'http://p:1', proxyCa: 'proxy-ca.pem' }, {})).toThrow(/proxyCa: goes with/);
});

test('several relays: each its own way out, else the one above, else the environment', () => {
  const login = { user: 'lab', passwordFile: 'relay.password' };
  const list = [
    { ...login, url: 'mqtts://a.example', proxy: 'socks5://own:9' },
    { ...login, url: 'mqtts://b.example', proxy: 'none' },
    { ...login, url: 'mqtts://c.example' },
  ];
  const hosts = (relays: readonly RelayLogin[]) => relays.map(({ proxy }) => proxy?.host);
  expect(hosts(loadList(list, every))).toEqual(['own', undefined, 's.example']);
  expect(hosts(loadList(list, every, { proxy: 'http://above:1' }))).toEqual(['own', undefined, 'above']);
  expect(hosts(loadList(list, {}))).toEqual(['own', undefined, undefined]);
  expect(() => loadList([], {})).toThrow(/relays: /);
  expect(() => load({ relays: list }, {})).toThrow(/relays: there is relay too/);
  expect(() => load({ relay: undefined }, {})).toThrow(/relay: expected relay, or a list called relays/);
  expect(() => loadList([...list, ...list.slice(2)], {})).toThrow(/relays\.3\.url: stands above already/);
  expect(() => loadList([{ ...list[0], proxyCa: 'x' }], {})).toThrow(/relays\.0\.proxyCa: goes with/);
  expect(() => loadList([{ ...list[0], passwordFile: 'gone' }], {})).toThrow(
    /relays\.0\.passwordFile .*gone/,
  );
});
