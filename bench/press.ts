/**
 * `npm run bench:press`: from a button's PUBLISH leaving to the platform's API being called, beside the bare round
 * trip through the same relay, turn by turn in one run: in a lab that builds nothing else, and while some twenty other
 * clusters are being built. Relay and platform are processes of their own.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../config/src/log.ts';
import { CcpPlatform } from '../provisioner/src/platforms/ccp/ccp.ts';
import { startProvisioner } from '../provisioner/src/provisioner.ts';
import type { Provisioner } from '../provisioner/src/service.ts';
import { ApiCalls } from './press/api-calls.ts';
import { Pinger, PressingButton } from './press/clients.ts';
import { configFor, type Logins, makeLogins } from './press/logins.ts';
import { type Part, startPart } from './press/part.ts';
import { medianOf, percentileOf } from './press/statistics.ts';

/** While others are built. In a lab at rest a tenth of it: each waits for the end of the one before. */
const presses = Number(process.env.PRESSES ?? 500);
const quietPresses = Math.ceil(presses / 10);
/** The first ones meet cold code in every part, and are not counted. */
const warmUp = 20;
/** What we set out for, in a lab at rest: the median over the floor, in milliseconds. */
const expectedMs = 5;
/** After the last build's end, so that what it has left to do is over too (milliseconds). */
const settleMs = 100;

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Milliseconds, one for each press. */
interface Times {
  floor: number[];
  /** To the order. */
  order: number[];
  /** To the order, with a list of the platform's clusters before it, as it was. */
  afterList: number[];
}

interface Bench {
  relay: Part;
  logins: Logins;
  provisioner: Provisioner;
  calls: ApiCalls;
  pinger: Pinger;
  lists: ListsFirst;
}

/** Has the platform asked for a list before an order, while it is on. */
class ListsFirst {
  on = false;
  readonly #recent = CcpPlatform.prototype.recent;

  constructor() {
    const { prototype } = CcpPlatform;
    const before = this.#recent;
    const isOn = () => this.on;
    prototype.recent = function (this: CcpPlatform) {
      return isOn() ? undefined : before.call(this);
    };
  }

  restore(): void {
    CcpPlatform.prototype.recent = this.#recent;
  }
}

async function measure(
  bench: Bench,
  buttons: readonly string[],
  before: () => Promise<void>,
): Promise<Times> {
  const { relay, logins, calls, pinger, lists } = bench;
  const times: Times = { floor: [], order: [], afterList: [] };
  for (const [i, name] of buttons.entries()) {
    await before();
    // Turn by turn, so that a noisy moment hits both.
    times.floor.push(await pinger.roundTrip());
    lists.on = i % 2 === 1;
    const button = await PressingButton.connect(relay, logins, name);
    const seen = calls.expect(`${name}-1`);
    const sentAt = await button.press();
    (lists.on ? times.afterList : times.order).push((await seen) - sentAt);
    await button.close();
  }
  lists.on = false;
  return times;
}

async function atRest(provisioner: Provisioner): Promise<void> {
  while (provisioner.underWay > 0) await sleep(settleMs);
  await sleep(settleMs);
}

function table(title: string, { floor, order, afterList }: Times): number {
  const row = (name: string, ms: readonly number[]) => {
    const columns = [medianOf(ms), percentileOf(ms, 99)].map(value => value.toFixed(2).padStart(10));
    return `${name.padEnd(44)}${columns.join('')}`;
  };
  say(`\n${`${floor.length} presses, ${title}`.padEnd(44)}${'median'.padStart(10)}${'p99'.padStart(10)}`);
  say(row('bare: PUBLISH to delivery through the relay', floor));
  say(row('press: PUBLISH to the order for the cluster', order));
  say(row('the same with a list before it, as it was', afterList));
  return medianOf(order) - medianOf(floor);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-bench-'));
  const logins = makeLogins(warmUp + quietPresses + presses);
  const { buttons } = logins;
  const relay = await startPart('relay', { users: logins.users });
  const platform = await startPart('platform', { maxClusters: buttons.length });
  const calls = new ApiCalls();
  const config = configFor(logins, relay, platform, join(folder, 'journal'));
  const provisioner = await startProvisioner(config, { log: silentLog });
  const lists = new ListsFirst();
  try {
    if (!(await provisioner.whenOnline(10_000))) throw new Error(`not online: ${provisioner.lastError}`);
    const pinger = await Pinger.connect(relay, logins);
    const bench = { relay, logins, provisioner, calls, pinger, lists };
    await measure(bench, buttons.slice(0, warmUp), async () => {});
    const quiet = buttons.slice(warmUp, warmUp + quietPresses);
    const rest = await measure(bench, quiet, () => atRest(provisioner));
    const crowd = await measure(bench, buttons.slice(warmUp + quietPresses), async () => {});
    await pinger.close();
    say('On loopback, milliseconds.');
    const over = table('nothing else is built', rest);
    say(`order, median over the floor: ${over.toFixed(2)} (expected: at most ${expectedMs})`);
    const overInCrowd = table('one after the other', crowd);
    say(`order, median over the floor: ${overInCrowd.toFixed(2)}`);
  } finally {
    lists.restore();
    await provisioner.stop();
    for (const part of [relay, platform]) {
      const gone = once(part.process, 'exit');
      part.process.kill();
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
