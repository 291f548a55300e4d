/**
 * `npm run bench:relays`: one provisioner and 6,000 buttons, spread over three relays, beside one relay with all of them:
 * memory and processor time at rest and under 600 presses a minute. BUTTONS, SECONDS and RELAYS=1,3 change that.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encode, keyFromBytes } from '../protocol/src/node/envelope.ts';
import { beaconTopic, pressTopic, statusTopic } from '../protocol/src/topics.ts';
import type { ProvisionerConfig } from '../provisioner/src/settings/config.ts';
import { type Logins, makeLogins, site } from './press/logins.ts';
import { type Part, startPart } from './press/part.ts';
import { LeanClient, publishTemplate } from './relay/lean-client.ts';
import { processorMs, residentBytes } from './relay/process-facts.ts';

const buttons = Number(process.env.BUTTONS ?? 6_000);
const seconds = Number(process.env.SECONDS ?? 30);
const plans = (process.env.RELAYS ?? '1,3').split(',').map(Number);
const pressesPerS = 10;
/** Logins under way at a time. */
const loginsAtOnce = 50;

const say = (text: string) => process.stdout.write(`${text}\n`);
const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`;

interface Load {
  /** Processor time as a part of one core, and memory at the end (bytes). */
  share: number;
  bytes: number;
}

async function loadOf(child: ChildProcess, work: Promise<unknown>): Promise<Load> {
  const pid = child.pid ?? 0;
  const [startMs, usedMs] = [performance.now(), processorMs(pid)];
  await work;
  const share = (processorMs(pid) - usedMs) / (performance.now() - startMs);
  return { share, bytes: residentBytes(pid) };
}

function configFor(logins: Logins, relays: Part[], journal: string): ProvisionerConfig {
  const login = { host: '127.0.0.1', tls: false, user: site, password: logins.password };
  return {
    ...{ site, siteKey: logins.key, journal, platforms: {} },
    relays: relays.map(({ told }) => ({ ...login, port: Number(told.port) })),
    profiles: {},
    buttons: Object.fromEntries(logins.buttons.map(name => [name, { profile: 'none', key: logins.key }])),
  };
}

/** A press that costs signature, decision and journal, and builds nothing: there is nothing to give back. */
function pressOf(logins: Logins, name: string, press: number): Buffer {
  const time = Math.floor(Date.now() / 1000);
  const told = { batteryMv: 3900, rssiDbm: -60, firmware: '0.1.0', bootMs: 300, wifiMs: 900, relayMs: 200 };
  return encode(keyFromBytes(logins.key), pressTopic(name), { press, action: 'release', time, ...told });
}

async function run(relayCount: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-bench-'));
  const logins = makeLogins(buttons);
  const relays: Part[] = [];
  for (let i = 0; i < relayCount; i++) relays.push(await startPart('relay', { users: logins.users }));
  const file = new URL('./relays/provisioner-part.ts', import.meta.url);
  const provisioner = fork(file, { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  try {
    provisioner.send(configFor(logins, relays, join(folder, 'journal')) as unknown as object);
    const [{ onlineMs }] = await once(provisioner, 'message');
    const clients: LeanClient[] = [];
    for (let i = 0; i < buttons; i += loginsAtOnce) {
      const names = logins.buttons.slice(i, i + loginsAtOnce);
      const opened = names.map(async (name, j) => {
        const port = Number(relays[(i + j) % relayCount]?.told.port);
        const client = await LeanClient.connect({ port, tls: false }, name, logins.password);
        await client.subscribe([statusTopic(name), beaconTopic(site)]);
        return client;
      });
      clients.push(...(await Promise.all(opened)));
    }
    await sleep(5_000);
    const processes = [provisioner, ...relays.map(({ process }) => process)];
    const measure = (work: Promise<unknown>) => Promise.all(processes.map(child => loadOf(child, work)));
    const rest = await measure(sleep(seconds * 1_000));
    const pressed = await measure(press(clients, logins));
    provisioner.send('how many?');
    const [told] = await once(provisioner, 'message');
    say(
      `${relayCount} ${relayCount === 1 ? 'relay' : 'relays'}, ${buttons} buttons; online after ${Math.round(onlineMs)} ms`,
    );
    const names = ['provisioner', ...relays.map((_, i) => `relay ${i + 1}`)];
    for (const [i, name] of names.entries()) {
      const [a, b] = [rest[i] as Load, pressed[i] as Load];
      say(
        `  ${name.padEnd(12)}  at rest ${(a.share * 100).toFixed(1).padStart(5)} %, ${megabytes(a.bytes)};  600 presses/min ${(b.share * 100).toFixed(1).padStart(5)} %, ${megabytes(b.bytes)}`,
      );
    }
    say(`  presses heard ${told.heard}, answered ${told.rejected}; statuses said again ${told.saidAgain}`);
    for (const client of clients) client.close();
  } finally {
    for (const child of [provisioner, ...relays.map(({ process }) => process)]) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function press(clients: LeanClient[], logins: Logins): Promise<void> {
  const count = pressesPerS * seconds;
  for (let i = 0; i < count; i++) {
    const at = (i * 7) % clients.length;
    const payload = pressOf(logins, logins.buttons[at] ?? '', Math.floor((i * 7) / clients.length) + 1);
    const template = publishTemplate(pressTopic(logins.buttons[at] ?? ''), payload.length);
    clients[at]?.publish(template, gap => void payload.copy(gap));
    clients[at]?.flush();
    await sleep(1_000 / pressesPerS);
  }
}

for (const count of plans) await run(count);
