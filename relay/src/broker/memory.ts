/**
 * Less memory for each connection that says nothing, which is nearly all of them nearly always. Measured at 5,000
 * connections (bench/README.md): from 21 kB each to about 13. It reaches into aedes 1.2.0 and mqtt-packet 9 where they
 * have no option; a test looks whether what it reaches for is still there.
 */
import type { Client } from 'aedes';
import mqttPacket from 'mqtt-packet';

/** What of a client is touched here. */
interface Inside {
  _parser: {
    _list: { constructor: { BufferList?: new () => object } };
    settings: { protocolVersion: number };
  };
}

/**
 * For the whole process, once and first of all: mqtt-packet does not keep 65,536 ready-made numbers (2 kB for each of
 * 5,000 connections). Not done: V8's young generation grows from 8 to 33 MB during a rush of logins and stays so; to
 * hold it small saves 2 kB more, and costs a quarter more processor time for each message.
 */
export function saveProcessMemory(): void {
  Object.assign(mqttPacket.writeToStream, { cacheNumbers: false });
}

/** A new client: its parser's list of chunks is a plain one, not a whole stream (0.9 kB). */
export function shrinkParser(client: Client): void {
  const { _parser } = client as Client & Inside;
  const { BufferList } = _parser._list.constructor;
  if (BufferList !== undefined) Object.assign(_parser, { _list: new BufferList() });
}

/** It is in: its CONNECT, password included, is not needed any more (0.4 kB). */
export function forgetConnect(client: Client): void {
  const { _parser } = client as Client & Inside;
  _parser.settings = { protocolVersion: _parser.settings.protocolVersion };
}
