/** One of two nodes is killed (SIGKILL) under 20 buttons, a provisioner and a stream of statuses. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect, type MqttClient } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { beaconTopic, statusTopic } from '../../protocol/src/topics.ts';
import { formatUsers, type Role } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';
import { pause, usersFile } from './helpers.ts';
import { hasRedis, type RunningRedis, redisForTest, within } from './redis-part.ts';

/** What a very busy machine may take for what is done in one second, or six (milliseconds). */
const limitMs = 60_000;
/** Two processes start, which takes a while on a busy machine (milliseconds). */
const testLimitMs = 240_000;
/** Longer than usual: a node that gets no processor for some seconds must not count as dead here (milliseconds). */
const timing = { leaseMs: 8_000, answerMs: 6_000 };
const buttonCount = 20;
/** Between two statuses of each button. */
const statusEveryMs = 200;
const beacon = beaconTopic('lab');
const password = 'the-key-of-everybody-in-this-test';

const buttonNames = Array.from({ length: buttonCount }, (_, n) => `button-${n}`);

interface Node {
  port: number;
  process: ChildProcess;
}

async function startNode(redis: RunningRedis, users: string): Promise<Node> {
  const program = fileURLToPath(new URL('redis-node.ts', import.meta.url));
  const process = spawn('node', ['--import', 'tsx', program, redis.url, users, JSON.stringify(timing)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void process.kill('SIGKILL'));
  const [line] = (await once(process.stdout, 'data')) as [Buffer];
  return { port: Number(line), process };
}

async function twoNodes(redis: RunningRedis): Promise<[Node, Node]> {
  const verifier = makeVerifier(password);
  const user = (name: string, role: Role) => ({ name, role, site: 'lab', verifier });
  const all = [...buttonNames.map(name => user(name, 'button')), user('lab-provisioner', 'provisioner')];
  const users = usersFile(formatUsers(all));
  return Promise.all([startNode(redis, users), startNode(redis, users)]);
}

/** A client that goes to the first node, and to the next one when that is gone, as behind a load balancer. */
function roam(name: string, nodes: Node[], options = {}): MqttClient {
  const client = connect({
    protocol: 'mqtt',
    servers: nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    clientId: name,
    username: name,
    password,
    reconnectPeriod: 100,
    ...options,
  });
  client.on('error', () => {});
  onTestFinished(() => {
    client.end(true);
  });
  return client;
}

interface Heard {
  client: MqttClient;
  statuses: number[];
  beacons: string[];
}

function button(name: string, nodes: Node[]): Heard {
  const heard: Heard = { client: roam(name, nodes), statuses: [], beacons: [] };
  heard.client.on('message', (topic, payload) => {
    if (topic === beacon) heard.beacons.push(payload.toString());
    else heard.statuses.push(Number(payload));
  });
  heard.client.on('connect', () => heard.client.subscribe([statusTopic(name), beacon], { qos: 1 }));
  return heard;
}

/** A provisioner as ours is: when it comes (back), it says that it is there and repeats the newest statuses. */
function provisioner(nodes: Node[], reconnectPeriod = 100) {
  let newest = 0;
  const will = { topic: beacon, payload: Buffer.from('offline'), qos: 1 as const, retain: true };
  const client = roam('lab-provisioner', nodes, { will, reconnectPeriod });
  const say = () => {
    for (const name of buttonNames) {
      client.publish(statusTopic(name), String(newest), { qos: 1, retain: true });
    }
  };
  client.on('connect', () => {
    client.publish(beacon, 'online', { qos: 1, retain: true });
    say();
  });
  const timer = setInterval(() => {
    newest++;
    if (client.connected) say();
  }, statusEveryMs);
  onTestFinished(() => clearInterval(timer));
  return { client, newest: () => newest, stop: () => clearInterval(timer) };
}

/** 20 buttons, ten on each node, and a provisioner; all have heard something. */
async function lab(provisionerOn: (nodes: [Node, Node]) => Node[], reconnectPeriod = 100) {
  const redis = await redisForTest();
  const nodes = await twoNodes(redis);
  const [a, b] = nodes;
  const lab = provisioner(provisionerOn(nodes), reconnectPeriod);
  const buttons = buttonNames.map((name, n) => button(name, n < buttonCount / 2 ? [a, b] : [b, a]));
  await within(
    limitMs,
    () => buttons.every(({ statuses }) => statuses.length > 2),
    'everybody to hear something',
  );
  return { a, b, lab, buttons };
}

const gaps = ({ statuses }: Heard) => statuses.filter((n, i) => i > 0 && n > (statuses[i - 1] ?? 0) + 1);

describe.skipIf(!hasRedis())(
  'one of two nodes is killed (Debian package redis-server)',
  { timeout: testLimitMs },
  () => {
    it('with the provisioner on it: every button ends with the newest status, and the beacon stays right', async () => {
      const { a, lab: site, buttons } = await lab(([a, b]) => [a, b]);
      a.process.kill('SIGKILL');
      const gone = site.newest();
      const tookMs = await within(
        limitMs,
        () => buttons.every(({ client, statuses }) => client.connected && (statuses.at(-1) ?? 0) > gone + 2),
        'everybody to be back and served',
      );
      // Longer than it takes until the dead node's wills are looked at: this one must be thrown away.
      await pause(timing.leaseMs + 3_000);
      site.stop();
      const last = site.newest();
      await within(
        limitMs,
        () => buttons.every(({ statuses }) => statuses.at(-1) === last),
        'the last status',
      );
      expect(buttons.map(({ beacons }) => beacons.at(-1))).toEqual(buttons.map(() => 'online'));
      expect(buttons.flatMap(({ beacons }) => beacons).filter(text => text === 'offline')).toEqual([]);
      process.stderr.write(`back after ${Math.round(tookMs)} ms\n`);
    });

    it('without it: those on the other node miss nothing at all, the others end with the newest', async () => {
      const { a, lab: site, buttons } = await lab(([a, b]) => [b, a]);
      a.process.kill('SIGKILL');
      const gone = site.newest();
      await within(
        limitMs,
        () => buttons.every(({ client, statuses }) => client.connected && (statuses.at(-1) ?? 0) > gone + 5),
        'everybody to be back and served',
      );
      site.stop();
      const last = site.newest();
      await within(
        limitMs,
        () => buttons.every(({ statuses }) => statuses.at(-1) === last),
        'the last status',
      );
      const stayed = buttons.slice(buttonCount / 2);
      expect(stayed.flatMap(gaps)).toEqual([]);
      expect(buttons.flatMap(({ beacons }) => beacons).filter(text => text === 'offline')).toEqual([]);
    });

    it('a provisioner that does not come back is said to be offline within seconds', async () => {
      const { a, buttons } = await lab(([a]) => [a], 0);
      a.process.kill('SIGKILL');
      const tookMs = await within(
        limitMs,
        () => buttons.every(({ beacons }) => beacons.at(-1) === 'offline'),
        'every button to know',
      );
      process.stderr.write(`offline after ${Math.round(tookMs)} ms\n`);
    });
  },
);
