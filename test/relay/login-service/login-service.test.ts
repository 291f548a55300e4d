/** Logins of an engine of others, answered from our users file: the contract of RMQTT and EMQX, and who is revoked. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { formatUsers, type User } from '../../../relay/src/auth/users.ts';
import { makeVerifier } from '../../../relay/src/auth/verifier.ts';
import type { EngineApi } from '../../../relay/src/login-service/engine.ts';
import { rulesOf } from '../../../relay/src/login-service/rules.ts';
import { startLoginService } from '../../../relay/src/login-service/service.ts';
import { until } from '../../fixtures/patience.ts';
import { users as everybody } from '../fixtures/helpers.ts';

const secret = (name: string) => Buffer.alloc(32, name).toString('base64');
const user = (name: string, role: User['role'] = 'button', site = 'lab'): User => ({
  ...{ name, role, site },
  verifier: makeVerifier(secret(name)),
});
const lab = user('lab', 'provisioner');
const desk = user('desk');
const door = user('door');

let path: string;
let lines: string[];
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  path = join(folder, 'users.yaml');
  writeFileSync(path, formatUsers([lab, desk, door]));
  lines = [];
});

async function start(engine?: EngineApi) {
  const service = await startLoginService({
    ...{ host: '127.0.0.1', port: 0, users: path },
    log: pino({}, { write: line => void lines.push(line) }),
    engines: engine === undefined ? [] : [engine],
  });
  onTestFinished(() => service.stop());
  const ask = async (body: string | object, type = 'application/json') => {
    const response = await fetch(`http://127.0.0.1:${service.port}/login`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  return { service, ask };
}

const login = (name: string, more: object = {}) => ({
  ...{ clientid: name, username: name, password: secret(name) },
  ...more,
});

describe('the contract', () => {
  test('allow, with the rules of this user, as JSON or as a form', async () => {
    const { ask } = await start();
    const expected = {
      status: 200,
      type: 'application/json',
      body: { result: 'allow', superuser: false, is_superuser: false, acl: expect.any(Array) },
    };
    const answer = await ask(login('desk'));
    expect(answer).toEqual(expected);
    expect(answer.body.acl).toEqual([
      { permission: 'allow', action: 'publish', topic: pressTopic('desk'), qos: [0, 1], retain: false },
      { permission: 'allow', action: 'subscribe', topic: statusTopic('desk'), qos: [0, 1] },
      { permission: 'allow', action: 'subscribe', topic: beaconTopic('lab'), qos: [0, 1] },
      { permission: 'deny', action: 'all', topic: '#' },
    ]);
    const form = new URLSearchParams(login('desk')).toString();
    expect(await ask(form, 'application/x-www-form-urlencoded')).toEqual(expected);
  });

  test('deny in words and with status 200, whatever comes: any other status means "ask the next one"', async () => {
    const { ask } = await start();
    const bad = [
      ...[login('desk', { password: secret('door') }), login('desk', { clientid: 'lab' }), login('nobody')],
      ...[{}, '{', 'nothing', login('desk', { password: 7 }), { ...login('desk'), username: undefined }],
    ];
    for (const body of bad) {
      expect(await ask(body)).toMatchObject({ status: 200, body: { result: 'deny' } });
      expect((await ask(body)).body).not.toHaveProperty('acl');
    }
  });

  test('guessing fills no log, holds no secret, and locks nobody out', async () => {
    const { ask } = await start();
    for (let i = 0; i < 200; i++) await ask(login('desk', { password: `guess-${i}` }));
    expect((await ask(login('desk'))).body.result).toBe('allow');
    const refused = lines.filter(line => line.includes('login refused'));
    expect(refused).toHaveLength(1);
    expect(lines.join('')).not.toMatch(/guess-|sha256/);
  });
});

test('rules: exactly what the relay itself grants, and nothing of another site', () => {
  const provisioner = everybody.get('lab-provisioner') as User;
  const rules = rulesOf(provisioner, everybody);
  expect(rules.at(-1)).toEqual({ permission: 'deny', action: 'all', topic: '#' });
  const may = (action: string) =>
    rules.filter(rule => rule.permission === 'allow' && rule.action === action).map(({ topic }) => topic);
  const mine = [...everybody.values()].filter(({ role, site }) => role === 'button' && site === 'lab');
  const names = mine.map(({ name }) => name);
  expect(may('publish').toSorted()).toEqual([beaconTopic('lab'), ...names.map(statusTopic)].toSorted());
  expect(may('subscribe').toSorted()).toEqual(
    [beaconTopic('lab'), ...names.map(pressTopic), ...names.map(statusTopic)].toSorted(),
  );
  // The only site of a file: filters instead of three rules for each of thousands of buttons.
  const alone = new Map([lab, desk, door].map(it => [it.name, it]));
  expect(rulesOf(lab, alone).map(({ topic }) => topic)).toContain(pressTopic('+'));
  expect(rulesOf(lab, alone)).toHaveLength(6);
});

test.each([
  'rmqtt',
  'emqx',
] as const)('who is revoked or re-keyed is refused, and thrown out at %s', async kind => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    // The first time it is busy.
    response.writeHead(asked.length === 1 ? 503 : 204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { ask, service } = await start({ kind, url: `http://127.0.0.1:${port}`, secret: 'key:word' });
  expect((await ask(login('door'))).body.result).toBe('allow');
  writeFileSync(path, formatUsers([lab, { ...desk, verifier: makeVerifier(secret('new')) }]));
  expect(service.reload()).toBe(true);
  expect((await ask(login('door'))).body.result).toBe('deny');
  await until(() => asked.length >= 3, 'both to be thrown out, one of them twice asked for');
  const version = kind === 'rmqtt' ? 'v1' : 'v5';
  const how = kind === 'rmqtt' ? 'Bearer key:word' : `Basic ${btoa('key:word')}`;
  for (const name of ['desk', 'door'])
    expect(asked).toContain(`DELETE /api/${version}/clients/${name} ${how}`);
  expect(asked.filter(line => line.includes('/lab '))).toEqual([]);
});
