/**
 * What comes in pieces is answered, on every release of Node.js: from 26 on, `read()` gives the first chunk that waits
 * and not all of them (relay/src/listeners/streams.ts). The pieces wait here, as chunks, while a login is held up.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { connectAsync } from 'mqtt';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog } from '../../../config/src/log.ts';
import { pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import type { Login } from '../../../relay/src/auth/login.ts';
import { usersPolicy } from '../../../relay/src/auth/policy.ts';
import { type Broker, startBroker } from '../../../relay/src/broker/broker.ts';
import { makeConnectionLimits } from '../../../relay/src/limits/connections.ts';
import { defaultLimits } from '../../../relay/src/limits/limits.ts';
import { makeRoom } from '../../../relay/src/limits/room.ts';
import {
  type ListenerKind,
  type OpenListener,
  openListener,
} from '../../../relay/src/listeners/listeners.ts';
import { readProxyHeader } from '../../../relay/src/listeners/proxy-protocol.ts';
import { makeContext } from '../../../relay/src/listeners/tls.ts';
import { makeClientLog } from '../../../relay/src/metrics/client-log.ts';
import { makeCounters } from '../../../relay/src/metrics/counters.ts';
import { pause, until } from '../../fixtures/patience.ts';
import { makeCertificate } from '../../simulator/board/fixtures/certificates.ts';
import { connectPacket, keys, publishPacket, relayForTest, users } from '../fixtures/helpers.ts';
import { relayWithWeb, webListener } from '../fixtures/websocket-listener.ts';

const connectBytes = mqttPacket.generate(connectPacket('house-01'));
const press = mqttPacket.generate(
  publishPacket(pressTopic('house-01'), 'x'.repeat(200), { qos: 1, messageId: 7 }),
);

/** Cuts `bytes` into so many pieces, as equal as can be. */
function piecesOf(bytes: Buffer, count: number): readonly Buffer[] {
  const at = (i: number) => Math.round((i * bytes.length) / count);
  return Array.from({ length: count }, (_, i) => bytes.subarray(at(i), at(i + 1)));
}

describe('MQTT.js over WebSocket, which makes a frame of every piece of its CONNECT,', () => {
  test.each(['ws', 'wss'] as const)('is let in and served through the listener %s', async kind => {
    const relay = await relayWithWeb();
    const client = await connectAsync(webListener(relay, kind).url, {
      clientId: 'house-01',
      username: 'house-01',
      password: keys['house-01'] ?? '',
      reconnectPeriod: 0,
      rejectUnauthorized: false,
    });
    onTestFinished(() => {
      client.end(true);
    });
    await client.subscribeAsync(statusTopic('house-01'), { qos: 1 });
    await client.publishAsync(pressTopic('house-01'), 'now', { qos: 1 });
    expect(relay.stats()).toMatchObject({ logins: 1, published: 1, refused: {} });
  });

  test('so is who makes a frame of every byte', async () => {
    const relay = await relayWithWeb();
    const ws = new WebSocket(webListener(relay).url, ['mqtt']);
    onTestFinished(() => ws.terminate());
    const answers = packetsFrom(ws, 'message');
    await once(ws, 'open');
    for (const byte of Buffer.concat([connectBytes, press])) ws.send(Buffer.of(byte));
    await until(() => answers.length === 2, 'CONNACK and PUBACK');
    expect(answers.map(({ cmd }) => cmd)).toEqual(['connack', 'puback']);
  });
});

/** The packets in what an emitter says. */
function packetsFrom(emitter: NodeJS.EventEmitter, event: 'data' | 'message'): Packet[] {
  const packets: Packet[] = [];
  const parser = mqttPacket.parser();
  parser.on('packet', packet => packets.push(packet));
  emitter.on(event, (bytes: Buffer) => parser.parse(bytes));
  emitter.on('error', () => {});
  return packets;
}

interface Holding {
  broker: Broker;
  /** How many logins are held up. */
  held: () => number;
  letIn: () => void;
}

/** A broker that has decided about a login but does not say so before `letIn` is called: somebody of that name is still leaving. */
async function holdingBroker(): Promise<Holding> {
  const answers: (() => void)[] = [];
  const counters = makeCounters();
  const clientLog = makeClientLog(silentLog, defaultLimits);
  const policy = usersPolicy(() => users, defaultLimits, counters, clientLog);
  const login: Login = {
    ...policy.login,
    authenticate: (client, name, password, done) =>
      policy.login.authenticate(client, name, password, (error, success) => {
        answers.push(() => done(error, success));
      }),
  };
  const broker = await startBroker({
    policy: { ...policy, login },
    limits: defaultLimits,
    counters,
    clientLog,
    log: silentLog,
  });
  onTestFinished(() => broker.close());
  return {
    broker,
    held: () => answers.length,
    letIn: () => {
      for (const answer of answers.splice(0)) answer();
    },
  };
}

/** A real listener to a broker that holds logins up, and how many bytes wait there for it. */
async function holdingListener(kind: ListenerKind) {
  const { broker, ...rest } = await holdingBroker();
  const streams: Duplex[] = [];
  const context = makeContext([await makeCertificate('ec')]);
  const listener = await openListener(
    { kind, port: 0 },
    {
      host: '127.0.0.1',
      limits: { ...defaultLimits, connectTimeoutMs: 1e9 },
      context: () => context,
      room: makeRoom(100, () => {}),
      connections: makeConnectionLimits(defaultLimits),
      serve: (stream, from) => {
        streams.push(stream);
        broker.serve(stream, from);
      },
      onRefused: () => {},
      log: silentLog,
    },
  );
  onTestFinished(() => listener.close());
  return { listener, waiting: () => streams[0]?.readableLength, ...rest };
}

/** A client of a listener: what sends bytes, each time by themselves, and what comes back. */
async function clientOf({ kind, port, url }: OpenListener) {
  if (kind === 'ws' || kind === 'wss') {
    const ws = new WebSocket(url, ['mqtt'], { rejectUnauthorized: false });
    onTestFinished(() => ws.terminate());
    const answers = packetsFrom(ws, 'message');
    await once(ws, 'open');
    return { send: (bytes: Buffer) => ws.send(bytes), answers };
  }
  const tcp = connect({ port, host: '127.0.0.1', noDelay: true });
  onTestFinished(() => {
    tcp.destroy();
  });
  const socket = kind === 'mqtt' ? tcp : connectTls({ socket: tcp, rejectUnauthorized: false });
  const answers = packetsFrom(socket, 'data');
  await once(socket, kind === 'mqtt' ? 'connect' : 'secureConnect');
  return { send: (bytes: Buffer) => void socket.write(bytes), answers };
}

describe('while the login is still being decided,', () => {
  const kinds: ListenerKind[] = ['mqtt', 'mqtts', 'ws', 'wss'];

  test.each(kinds)('a PUBLISH in three pieces is answered after CONNACK: %s', async kind => {
    const { listener, waiting, held, letIn } = await holdingListener(kind);
    const { send, answers } = await clientOf(listener);
    send(connectBytes);
    await until(() => held() === 1 && waiting() === 0, 'the login to be held up');
    let sent = 0;
    for (const piece of piecesOf(press, 3)) {
      send(piece);
      sent += piece.length;
      await until(() => waiting() === sent, `${sent} bytes to wait`);
    }
    expect(answers).toEqual([]);
    letIn();
    await until(() => answers.length === 2, 'CONNACK and PUBACK');
    expect(answers).toMatchObject([
      { cmd: 'connack', returnCode: 0 },
      { cmd: 'puback', messageId: 7 },
    ]);
  });
});

describe('a PROXY header that waits in several chunks before it is read,', () => {
  const address = Buffer.from([203, 0, 113, 7, 192, 0, 2, 1, 0x30, 0x39, 0x22, 0xb3]);
  const headers: [string, Buffer][] = [
    ['version 1', Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 12345 8883\r\n')],
    [
      'version 2',
      Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), Buffer.of(0x21, 0x11, 0, 12), address]),
    ],
  ];

  /** Both ends of a connection that nobody has read from. */
  async function connection(): Promise<{ client: Socket; server: Socket }> {
    const listener = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    onTestFinished(() => void listener.close());
    const accepted = once(listener, 'connection') as Promise<[Socket]>;
    await once(listener, 'listening');
    const client = connect((listener.address() as AddressInfo).port, '127.0.0.1').setNoDelay();
    client.on('error', () => {});
    const [server] = await accepted;
    onTestFinished(() => {
      client.destroy();
      server.destroy();
    });
    return { client, server };
  }

  /** Sends each piece when the one before has arrived. */
  async function sendApart(
    { client, server }: { client: Socket; server: Socket },
    pieces: readonly Buffer[],
  ) {
    let sent = server.readableLength;
    for (const piece of pieces) {
      client.write(piece);
      sent += piece.length;
      await until(() => server.readableLength === sent, `${sent} bytes to wait`);
    }
  }

  test.each(
    headers.flatMap(([version, header]) =>
      [
        ['apart from CONNECT', [...piecesOf(header, 3), ...piecesOf(connectBytes, 3)]] as const,
        [
          'its end in one chunk with the first half of CONNECT',
          piecesOf(Buffer.concat([header, connectBytes]), 3),
        ] as const,
        [
          'and CONNECT, byte by byte',
          piecesOf(Buffer.concat([header, connectBytes]), header.length + connectBytes.length),
        ] as const,
      ].map(([how, pieces]) => [version, how, pieces] as const),
    ),
  )('is taken, and what follows is answered: %s, %s', async (_version, _how, pieces) => {
    const { broker, held, letIn } = await holdingBroker();
    const ends = await connection();
    const answers = packetsFrom(ends.client, 'data');
    await sendApart(ends, pieces);
    const source = await new Promise<string | undefined>((resolve, reject) =>
      readProxyHeader(ends.server, 1e9, resolve, why => reject(new Error(why))),
    );
    expect(source).toBe('203.0.113.7');
    broker.serve(ends.server, source ?? '');
    await until(() => held() === 1, 'the login to be held up');
    await sendApart(ends, piecesOf(press, 3));
    letIn();
    await until(() => answers.length === 2, 'CONNACK and PUBACK');
    expect(answers.map(({ cmd }) => cmd)).toEqual(['connack', 'puback']);
  });

  test('through a real listener the rest may come in pieces too', async () => {
    const { relay, port } = await relayBehindBalancer();
    for (const [, header] of headers) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      onTestFinished(() => {
        socket.destroy();
      });
      const answers = packetsFrom(socket, 'data');
      for (const piece of piecesOf(Buffer.concat([header, connectBytes, press]), 9)) {
        socket.write(piece);
        await pause(5);
      }
      await until(() => answers.length === 2, 'CONNACK and PUBACK');
    }
    expect(relay.stats()).toMatchObject({ logins: 2, published: 2, refused: {} });
  });

  async function relayBehindBalancer() {
    const relay = await relayForTest({ listeners: [{ kind: 'mqtt', port: 0, proxyProtocol: true }] });
    return { relay, port: relay.listeners.at(-1)?.port ?? 0 };
  }
});
