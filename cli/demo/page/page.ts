/** The demo's page: its buttons, what it is told, and its server. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Logger } from '../../../config/src/log.ts';
import { buildPage } from '../../../page/build.ts';
import type { ButtonFile, Notice } from '../../../page/src/facts.ts';
import type { SimulatedProxy } from '../../../simulator/proxy.ts';
import { type ButtonPlan, hotspot } from '../site.ts';
import type { World } from '../world.ts';
import { factsOf, type ProxyTap } from './facts.ts';
import { type PageServer, startPageServer } from './server.ts';
import { DemoTroubles } from './troubles.ts';

/** The page's own, beside the terminal's: nobody else speaks in their names. */
export const pageButtons: ButtonPlan[] = [
  { name: 'house-02', profile: 'house', board: 'firebeetle-2-esp32-e' },
  { name: 'cloud-02', profile: 'cloud', board: 'firebeetle-2-esp32-e' },
];

/** How often the journal is looked at while a page listens (ms). */
const lookMs = 100;

const maxLogLines = 400;

/** Keeps the last lines of the demo's log, for whoever opens it in the page. */
export class LogTail extends Writable {
  readonly lines: string[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.lines.push(...chunk.toString().trimEnd().split('\n'));
    this.lines.splice(0, this.lines.length - maxLogLines);
    done();
  }
}

export interface PagePlan {
  world: World;
  proxy: SimulatedProxy;
  tap: ProxyTap;
  speed: number;
  tail: LogTail;
  log: Logger;
}

export interface Page {
  url: string;
  close(): Promise<void>;
}

export async function startPage({ world, proxy, tap, speed, tail, log }: PagePlan): Promise<Page> {
  const listener = world.relay.listeners.find(({ kind }) => kind === 'ws');
  if (listener === undefined) throw new Error('the relay has no WebSocket listener');
  const notices: Notice[] = [];
  const id = randomBytes(6).toString('hex');
  let server: PageServer | undefined;
  const changed = () => server?.changed();
  const troubles = new DemoTroubles({
    ...{ world, proxy, log, changed },
    lastPress: () => tap.last,
    buttons: pageButtons.map(({ name }) => name),
    notice(notice) {
      notices.push({ at: Date.now(), ...notice });
      changed();
    },
  });
  const facts = () => factsOf(world, { id, speed, tap, notices, troubles: troubles.on });
  server = await startPageServer({
    files: await buildPage(world.firmware),
    buttons: () => pageButtons.map(plan => buttonFile(world, plan, listener)),
    facts,
    log: () => tail.lines,
    trouble: (name, on) => troubles.set(name, on),
    relayOrigin: `ws://${listener.address}`,
  });
  let told = '';
  const look = setInterval(() => {
    if (server === undefined || server.listeners === 0) return;
    const now = JSON.stringify(facts());
    if (now !== told) changed();
    told = now;
  }, lookMs);
  const { url } = server;
  return {
    url,
    async close() {
      clearInterval(look);
      await server?.close();
      await troubles.close();
    },
  };
}

/** The device.json that `makeSite` has written, with the relay's WebSocket listener in it: a page has no other sockets. */
function buttonFile(
  world: World,
  { name, board }: ButtonPlan,
  { host, port }: { host: string; port: number },
): ButtonFile {
  const device = JSON.parse(readFileSync(join(world.site.flashOf(name), 'device.json'), 'utf8'));
  const text = JSON.stringify({ ...device, relay: { ...device.relay, host, port } });
  return { name, board, device: text, networks: [hotspot] };
}
