/** `net` and `tls` over real sockets, and the faults that can be injected. */
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { pause, until } from '../../fixtures/patience.ts';
import { cases, echo, events, failed, tlsServer, told } from './fixtures/conversations.ts';
import { makeBoard, next, runToSleep, sleepNow } from './fixtures/harness.ts';
import { listen } from './fixtures/servers.ts';

/** The same program for the board: joins first. */
function onBoard(program: string): string {
  return `function tell(t) { print(t) } function finish() { ${sleepNow} }
    require("Wifi").connect("home", {password: "secret"}, function() { ${program} });`;
}

describe('as on the interpreter', () => {
  test.each(cases)('the program hears the same: %s', async (name, serve, onOpen, onData) => {
    const { port } = await listen(createServer(serve));
    const board = await runToSleep(onBoard(events('net', '127.0.0.1', port, onOpen, onData)));
    expect(board.prints).toEqual(told[name]);
    expect(board.faults).toEqual([]);
  });
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
  ])('and both sides see it: %s', async (_name, cutAfterBytes, arrives, comesBack) => {
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
    await until(() => arrived >= arrives, 'the bytes at the server');
    await pause(20); // and no more of them
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

  test('an EC certificate shares no cipher with the chip', async () => {
    const port = await tlsServer('ec', () => {});
    const board = await runToSleep(onBoard(events('tls', '127.0.0.1', port, 's.write("hello");')));
    expect(board.prints).toEqual(failed);
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
