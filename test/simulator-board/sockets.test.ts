/** `net` and `tls` over real sockets, and the faults that can be injected. */
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { makeCertificate } from './certificates.ts';
import { makeBoard, next, runToSleep, sleepNow, wait } from './harness.ts';
import { interpreter, runOnInterpreter } from './interpreter.ts';
import { listen } from './servers.ts';

/** Opens a socket and tells all its events. `onOpen` runs in the connect callback. */
function events(module: 'net' | 'tls', host: string, port: number, onOpen = '', onData = ''): string {
  return `try {
    var s = require("${module}").connect({host: "${host}", port: ${port}}, function(c) { tell("open " + (c === s)); ${onOpen} });
    s.on("data", function(d) { tell("data " + d.length); ${onData} });
    s.on("error", function(e) { tell("error " + JSON.stringify(e)) });
    s.on("end", function() { tell("end") });
    s.on("close", function(e) { tell("close " + e); try { s.write("x") } catch (x) { tell(x.toString()) } finish() });
  } catch (e) { tell("throws " + e.toString()); finish() }`;
}

/** The same program for the board: joins first. */
function onBoard(program: string): string {
  return `function tell(t) { print(t) } function finish() { ${sleepNow} }
    require("Wifi").connect("home", {password: "secret"}, function() { ${program} });`;
}

function echo(socket: Socket): void {
  socket.on('error', () => {}).on('data', data => socket.write(data));
}

describe('as on the interpreter', () => {
  const cases: [string, (socket: Socket) => void, string, string][] = [
    ['the server answers and we end', echo, 'tell("" + s.write("hi\\xff\\0"));', 's.end();'],
    ['the server ends', s => s.on('error', () => {}).end('bye'), '', ''],
    [
      'the server resets',
      s => s.on('error', () => {}).on('data', () => s.resetAndDestroy()),
      's.write("hi");',
      '',
    ],
    ['long data comes in pieces', s => s.on('error', () => {}).end('x'.repeat(1500)), '', ''],
  ];
  const told: Record<string, string[]> = {
    'the server answers and we end': [
      'open true',
      'false',
      'data 4',
      'end',
      'close false',
      'Error: This socket is closed',
    ],
    'the server ends': ['open true', 'data 3', 'end', 'close false', 'Error: This socket is closed'],
    'the server resets': ['open true', 'end', 'close false', 'Error: This socket is closed'],
    'long data comes in pieces': [
      'open true',
      'data 536',
      'data 536',
      'data 428',
      'end',
      'close false',
      'Error: This socket is closed',
    ],
  };

  test.each(cases)('%s', async (name, serve, onOpen, onData) => {
    const { port } = await listen(createServer(serve));
    const board = await runToSleep(onBoard(events('net', '127.0.0.1', port, onOpen, onData)));
    expect(board.prints).toEqual(told[name]);
    expect(board.faults).toEqual([]);
  });

  test.skipIf(!interpreter).each(cases)(
    'the interpreter itself: %s (needs ESPRUINO)',
    async (name, serve, onOpen, onData) => {
      const { port } = await listen(createServer(serve));
      const program = events('net', '127.0.0.1', port, onOpen, onData);
      const theirs = await runOnInterpreter(`function finish() { setTimeout(quit, 50) }\n${program}`);
      // Data may come before the connect callback there; the order within each kind is what counts.
      expect([...theirs].sort()).toEqual([...(told[name] ?? [])].sort());
    },
  );

  test.skipIf(!interpreter)(
    'the interpreter itself: nobody listens, or no such name (needs ESPRUINO)',
    async () => {
      const { server, port } = await listen(createServer());
      server.close();
      const refused = await runOnInterpreter(
        `function finish() { quit() }\n${events('net', '127.0.0.1', port)}`,
      );
      expect(refused).toEqual(['throws InternalError: Unable to create socket']);
      const nameless = await runOnInterpreter(
        `function finish() { quit() }\n${events('net', 'relay.invalid', port)}`,
      );
      expect(nameless).toEqual(['throws InternalError: Unable to locate host']);
    },
  );
});

describe('the network says no', () => {
  test.each([
    ['refused', '127.0.0.1', { connectRefused: true }, 'throws InternalError: Unable to create socket'],
    ['no DNS', 'relay.example', { dnsFails: true }, 'throws InternalError: Unable to locate host'],
    ['a name that is not in the hosts', 'other.example', {}, 'throws InternalError: Unable to locate host'],
  ])('%s: connect throws as the chip does', async (_name, host, troubles, message) => {
    const hosts = { 'relay.example': '127.0.0.1' };
    const board = await runToSleep(onBoard(events('net', host, 1)), { troubles, hosts });
    expect(board.prints).toEqual([message]);
  });

  test('a real refusal comes as error -9 and close(true)', async () => {
    const { server, port } = await listen(createServer());
    server.close();
    const board = await runToSleep(onBoard(events('net', '127.0.0.1', port)));
    expect(board.prints.slice(0, 3)).toEqual([
      'error {"code":-9,"message":"connection reset"}',
      'end',
      'close true',
    ]);
  });

  test('no socket opens while Wi-Fi is down', async () => {
    const { port } = await listen(createServer(echo));
    const board = await runToSleep(
      `function tell(t) { print(t) } var left = 2; function finish() { if (!--left) { ${sleepNow} } }
       ${events('net', '127.0.0.1', port)} ${events('net', 'localhost', port)}`,
    );
    expect(board.prints).toEqual([
      'throws InternalError: Unable to create socket',
      'throws InternalError: Unable to locate host',
    ]);
  });

  test('open sockets close when the network goes', async () => {
    const { port } = await listen(createServer(echo));
    const board = makeBoard(onBoard(events('net', '127.0.0.1', port)));
    board.powerOn();
    await next(board, 'print');
    board.loseWifi();
    await next(board, 'sleep');
    expect(board.prints.slice(0, 3)).toEqual(['open true', 'end', 'close false']);
  });
});

test('host names of the world of the test', async () => {
  const { port } = await listen(createServer(echo));
  const hosts = { 'relay.example': '127.0.0.1' };
  const board = await runToSleep(onBoard(events('net', 'relay.example', port, 's.write("a");', 's.end();')), {
    hosts,
  });
  expect(board.prints).toContain('data 1');
});

test('data waits for its listener', async () => {
  const { port } = await listen(createServer(s => s.on('error', () => {}).write('early')));
  const board = await runToSleep(
    onBoard(`var s = require("net").connect({host: "127.0.0.1", port: ${port}}, function() {
      setTimeout(function() { s.on("data", function(d) { tell(d); finish() }) }, 40) });`),
  );
  expect(board.prints).toEqual(['early']);
});

test('bytes cross unchanged both ways', async () => {
  const { port } = await listen(createServer(echo));
  const board = await runToSleep(
    onBoard(`var all = "", got = ""; for (var i = 0; i < 256; i++) all += String.fromCharCode(i);
      var s = require("net").connect({host: "127.0.0.1", port: ${port}}, function() { s.write(all) });
      s.on("data", function(d) { got += d; if (got.length == 256) { tell("" + (got === all)); finish() } });`),
  );
  expect(board.prints).toEqual(['true']);
});

describe('cut after so many bytes', () => {
  test.each([
    ['while sending', 3, 3, 0],
    ['while receiving', 9, 5, 4],
    ['at the first byte', 0, 0, 0],
  ])('%s', async (_name, cutAfterBytes, arrives, comesBack) => {
    let arrived = 0;
    const server = createServer(s => {
      s.on('error', () => {}).on('data', d => {
        arrived += d.length;
        if (arrived === 5) {
          s.write(d);
        }
      });
    });
    const { port } = await listen(server);
    const program = onBoard(events('net', '127.0.0.1', port, 's.write("12345");'));
    const board = await runToSleep(program, { troubles: { cutAfterBytes } });
    await wait(20);
    expect(arrived).toBe(arrives);
    expect(board.prints).toEqual([
      'open true',
      ...(comesBack ? [`data ${comesBack}`] : []),
      'end',
      'close false',
      'Error: This socket is closed',
    ]);
  });
});

describe('tls', () => {
  async function tlsServer(kind: 'rsa' | 'ec', connected: (socket: TLSSocket) => void): Promise<number> {
    const server = createTlsServer(await makeCertificate(kind), connected);
    server.on('tlsClientError', () => {});
    return (await listen(server)).port;
  }

  test('TLS 1.2 with RSA, no check of the name, no server name sent; the callback may write before the handshake ends', async () => {
    const seen: unknown[] = [];
    const port = await tlsServer('rsa', s => {
      seen.push(s.getProtocol(), s.servername);
      s.on('error', () => {}).on('data', d => s.write(d));
    });
    const board = await runToSleep(
      onBoard(events('tls', '127.0.0.1', port, 's.write("hello");', 's.end();')),
    );
    expect(board.prints.slice(0, 4)).toEqual(['open true', 'data 5', 'end', 'close false']);
    expect(seen).toEqual(['TLSv1.2', false]);
  });

  const failed = [
    'open true',
    'error {"code":-8,"message":"unsent data"}',
    'end',
    'close true',
    'Error: This socket is closed',
  ];

  test('an EC certificate shares no cipher with the chip', async () => {
    const port = await tlsServer('ec', () => {});
    const board = await runToSleep(onBoard(events('tls', '127.0.0.1', port, 's.write("hello");')));
    expect(board.prints).toEqual(failed);
  });

  test.skipIf(!interpreter)('the interpreter itself: an EC certificate (needs ESPRUINO)', async () => {
    const port = await tlsServer('ec', () => {});
    const program = events('tls', '127.0.0.1', port, 's.write("hello");');
    // A failure that comes before the connect callback has run leaves nothing unsent.
    const early = ['end', 'close false', 'Error: This socket is closed'];
    expect([failed, early]).toContainEqual(
      await runOnInterpreter(`function finish() { setTimeout(quit, 50) }\n${program}`),
    );
  });
});

test('the trace counts bytes', async () => {
  const { port } = await listen(createServer(echo));
  const board = await runToSleep(onBoard(events('net', '127.0.0.1', port, 's.write("12345");', 's.end();')));
  const sockets = board.trace.flatMap(t => (t.what === 'socket' ? [[t.event, t.bytes]] : []));
  expect(sockets).toEqual([
    ['connecting', undefined],
    ['open', undefined],
    ['sent', 5],
    ['received', 5],
    ['closed', undefined],
  ]);
});
