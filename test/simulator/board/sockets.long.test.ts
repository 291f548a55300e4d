/** What the tests of the simulated sockets expect, asked of the real interpreter. */
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { cases, events, failed, tlsServer, told } from './fixtures/conversations.ts';
import { interpreter, runOnInterpreter } from './fixtures/interpreter.ts';
import { listen } from './fixtures/servers.ts';

describe.skipIf(!interpreter)('the interpreter itself (needs ESPRUINO)', () => {
  test.each(cases)('tells the program the same: %s', async (name, serve, onOpen, onData) => {
    const { port } = await listen(createServer(serve));
    const program = events('net', '127.0.0.1', port, onOpen, onData);
    const theirs = await runOnInterpreter(`function finish() { setTimeout(quit, 50) }\n${program}`);
    // Data may come before the connect callback there; the order within each kind is what counts.
    expect([...theirs].sort()).toEqual([...(told[name] ?? [])].sort());
  });

  test('throws when nobody listens, or there is no such name', async () => {
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
  });

  test('fails with an EC certificate', async () => {
    const port = await tlsServer('ec', () => {});
    const program = events('tls', '127.0.0.1', port, 's.write("hello");');
    // A failure that comes before the connect callback has run leaves nothing unsent.
    const early = ['end', 'close false', 'Error: This socket is closed'];
    expect([failed, early]).toContainEqual(
      await runOnInterpreter(`function finish() { setTimeout(quit, 50) }\n${program}`),
    );
  });
});
