/**
 * `npm run bench:press`: from a button's PUBLISH leaving to the platform's API being called, beside the bare round
 * trip through the same relay, turn by turn in one run. Relay and platform are processes of their own.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../config/src/log.ts';
import { CcpPlatform } from '../provisioner/src/platforms/ccp/ccp.ts';
import { startProvisioner } from '../provisioner/src/provisioner.ts';
import { ApiCalls } from './press/api-calls.ts';
import { Pinger, PressingButton } from './press/clients.ts';
import { startPart } from './press/part.ts';
import { configFor, makeParty } from './press/party.ts';
import { medianOf, percentileOf } from './press/statistics.ts';

const presses = Number(process.env.PRESSES ?? 500);
/** The first ones meet cold code in every part, and are not counted. */
const warmUp = 20;
/** What we set out for: the median over the floor, in milliseconds. */
const expectedMs = 5;

const say = (text: string) => process.stdout.write(`${text}\n`);

function row(name: string, ms: readonly number[]): string {
  const columns = [medianOf(ms), percentileOf(ms, 99)].map(value => value.toFixed(2).padStart(10));
  return `${name.padEnd(44)}${columns.join('')}`;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-bench-'));
  const party = makeParty(presses + warmUp);
  const relay = await startPart('relay', { users: party.users });
  const platform = await startPart('platform', { maxClusters: presses + warmUp });
  const calls = new ApiCalls();
  const provisioner = await startProvisioner(configFor(party, relay, platform, join(folder, 'journal')), {
    log: silentLog,
  });
  // As it was before: a list of the platform's clusters between each second press and its order.
  let listsFirst = false;
  const recent = CcpPlatform.prototype.recent;
  CcpPlatform.prototype.recent = function (this: CcpPlatform) {
    return listsFirst ? undefined : recent.call(this);
  };
  const floorMs: number[] = [];
  const beforeMs: number[] = [];
  const createMs: number[] = [];
  try {
    if (!(await provisioner.whenOnline(10_000))) throw new Error(`not online: ${provisioner.lastError}`);
    const pinger = await Pinger.connect(relay, party);
    for (const [i, name] of party.buttons.entries()) {
      // Turn by turn, so that a noisy moment hits both.
      const floor = await pinger.roundTrip();
      listsFirst = i % 2 === 1;
      const button = await PressingButton.connect(relay, party, name);
      const seen = calls.expect(`${name}-1`);
      const sentAt = await button.press();
      const create = await seen;
      await button.close();
      if (i < warmUp) continue;
      floorMs.push(floor);
      if (listsFirst) {
        beforeMs.push(create - sentAt);
        continue;
      }
      createMs.push(create - sentAt);
    }
    await pinger.close();
  } finally {
    CcpPlatform.prototype.recent = recent;
    await provisioner.stop();
    for (const part of [relay, platform]) {
      const gone = once(part.process, 'exit');
      part.process.kill();
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  }
  say(`${presses} presses on loopback, milliseconds          ${'median'.padStart(4)}       p99`);
  say(row('bare: PUBLISH to delivery through the relay', floorMs));
  say(row('press: PUBLISH to the order for the cluster', createMs));
  say(row('the same with a list before it, as it was', beforeMs));
  const over = medianOf(createMs) - medianOf(floorMs);
  say(`order, median over the floor: ${over.toFixed(2)} (expected: at most ${expectedMs})`);
}

await main();
