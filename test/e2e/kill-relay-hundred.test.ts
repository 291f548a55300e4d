/** The relay as a process of its own, killed with SIGKILL while a hundred buttons wait for their clusters. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type MqttClient } from 'mqtt';
import { afterEach, expect, it } from 'vitest';
import type { Press, State, Status } from '../../protocol/src/messages.ts';
import { decode, encode } from '../../protocol/src/node/envelope.ts';
import { statusSchema } from '../../protocol/src/node/schemas.ts';
import { pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Step } from '../../provisioner/src/journal/records.ts';
import { keyOf, type Lab, passwordOf, startLab } from './lab.ts';

const bin = new URL('../../cli/bin.js', import.meta.url).pathname;

const buttons = 100;
/** What we set out for: from the open port of the new relay until everybody is right again (milliseconds). */
const backLimitMs = 10_000;
/** How often a button tries again (milliseconds). */
const retryMs = 500;
/** A build of 160 s takes 16 s: the kill comes in the middle. */
const speed = 10;
/** For a hundred presses or builds on a busy machine (milliseconds). */
const patienceMs = 60_000;

/** What a display is told at each step of a build that goes well. */
const stateOf: Partial<Record<Step, State>> = {
  accepted: 'accepted',
  reserved: 'accepted',
  creating: 'provisioning',
  building: 'provisioning',
  verifying: 'verifying',
  ready: 'ready',
};

let lab: Lab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

/** Runs `dashbutton relay` until its port is open. */
async function runRelay(lab: Lab): Promise<ChildProcess> {
  const args = ['relay', '--users', lab.site.usersFile, '--port', String(lab.relay.port)];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  lab.finally(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', chunk => (output += chunk));
  await until(() => output.includes('relay open'), 'an open port', patienceMs);
  return child;
}

async function until(isTrue: () => boolean, what: string, limitMs: number): Promise<void> {
  for (const end = performance.now() + limitMs; !isTrue(); await pause(20)) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
  }
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** A button without its display: logs in again and again, and keeps the last status that its key vouches for. */
class LeanButton {
  readonly name: string;
  status: Status | undefined;
  /** The last one that came with the retained flag. */
  retained: Status | undefined;
  readonly #client: MqttClient;
  readonly #lab: Lab;

  constructor(lab: Lab, name: string) {
    this.#lab = lab;
    this.name = name;
    const topic = statusTopic(name);
    const key = keyOf(lab.site, name);
    this.#client = connect(lab.relay.url, {
      clientId: name,
      username: name,
      password: passwordOf(lab.site, name),
      reconnectPeriod: retryMs,
      resubscribe: false,
    });
    lab.finally(() => this.#client.endAsync(true));
    this.#client.on('error', () => {});
    this.#client.on('connect', () => this.lookAgain());
    this.#client.on('message', (_, payload, { retain }) => {
      const taken = decode(key, topic, payload, statusSchema);
      if (!taken.ok) throw new Error(`${name}: ${taken.detail}`);
      this.status = taken.message;
      if (retain) this.retained = taken.message;
    });
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** A subscription is answered with the retained status. */
  lookAgain(): void {
    this.#client.subscribe(statusTopic(this.name), { qos: 1 }, () => {});
  }

  async press(): Promise<void> {
    const told = { batteryMv: 3900, rssiDbm: -60, firmware: '0.1.0', bootMs: 300, wifiMs: 900, relayMs: 200 };
    const body: Press = { press: 1, action: 'create', time: Math.floor(Date.now() / 1000), ...told };
    const topic = pressTopic(this.name);
    await this.#client.publishAsync(topic, encode(keyOf(this.#lab.site, this.name), topic, body), { qos: 1 });
  }
}

it('killed while 100 buttons wait, the relay has everybody and every status back within 10 s', async () => {
  const names = Array.from({ length: buttons }, (_, i) => `button-${i + 1}`);
  lab = await startLab({
    provisioner: false,
    platform: { speed },
    buttons: names.map(name => ({ name, profile: 'house', board: 'heltec-wifi-kit-32' })),
  });
  const { platform, provisionerFile, relay } = lab;
  // Room for a hundred ranges where the demo needs a few.
  writeFileSync(
    provisionerFile,
    readFileSync(provisionerFile, 'utf8').replace('rangePrefix: 16', 'rangePrefix: 22'),
  );
  await relay.close();
  const first = await runRelay(lab);
  const provisioner = await lab.startProvisioner();
  await provisioner.whenOnline(patienceMs);
  const waiting = names.map(name => new LeanButton(lab as Lab, name));
  await until(() => waiting.every(button => button.connected), 'all buttons', patienceMs);
  await Promise.all(waiting.map(button => button.press()));
  await until(() => waiting.every(({ status }) => (status?.percent ?? 0) > 0), 'all builds', patienceMs);

  const gone = once(first, 'exit');
  first.kill('SIGKILL');
  await gone;
  const connectsBefore = provisioner.relayCounters.connects;
  await until(() => waiting.every(button => !button.connected), 'everybody to notice', patienceMs);
  const before = new Map(waiting.map(({ name, status }) => [name, status?.seq ?? 0]));
  for (const button of waiting) button.status = undefined;

  await runRelay(lab);
  // From the open port: how long a process takes to start is not the relay's.
  const openAt = performance.now();
  /** What a button has heard since the restart is what the provisioner knows. */
  const right = ({ name, status }: LeanButton) => {
    const known = provisioner.presses().find(({ button }) => button === name);
    return (
      known !== undefined &&
      status?.press === known.press &&
      status.cluster === known.cluster &&
      status.percent === known.percent &&
      status.address === known.address &&
      status.state === stateOf[known.step]
    );
  };
  // Builds go on meanwhile: whoever has once been right is back, and hears of each change like before.
  const missing = new Set(waiting);
  const isBack = () => {
    for (const button of missing) if (button.connected && right(button)) missing.delete(button);
    return missing.size === 0;
  };
  await until(isBack, 'everybody to be right again', backLimitMs).catch(error => {
    const late = [...missing].map(({ name, connected, status }) => ({ name, connected, status }));
    throw new Error(`${error.message}: ${JSON.stringify(late)}`);
  });
  process.stdout.write(
    `everybody back ${Math.round(performance.now() - openAt)} ms after the port was open\n`,
  );
  expect(provisioner.connected).toBe(true);
  expect(provisioner.relayCounters.connects).toBe(connectsBefore + 1);
  for (const { name, status } of waiting) {
    expect(status?.seq, name).toBeGreaterThanOrEqual(before.get(name) ?? 0);
  }
  expect(provisioner.underWay).toBeGreaterThan(0);

  await until(() => waiting.every(({ status }) => status?.state === 'ready'), 'all clusters', patienceMs);
  const addresses = new Map(platform.clusters().map(({ name, address }) => [name, address]));
  expect(addresses.size).toBe(buttons);
  for (const { status } of waiting) expect(status?.address).toBe(addresses.get(status?.cluster ?? ''));
  // And what is kept for those who come later is the same.
  for (const button of waiting) button.lookAgain();
  await until(() => waiting.every(({ retained }) => retained?.state === 'ready'), 'what is kept', patienceMs);
  for (const { retained, status } of waiting) expect(retained).toEqual(status);
}, 240_000);
