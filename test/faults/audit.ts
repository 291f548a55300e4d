/** What must hold when everything has come to rest. Each broken promise is one violation, with the press concerned. */
import type { Status } from '../../protocol/src/messages.ts';
import { askReady } from '../../provisioner/src/builds/api-server.ts';
import { readJournal } from '../../provisioner/src/journal/index.ts';
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import type { ClusterSnapshot } from '../../simulator/ccp/simulator.ts';
import { type FaultButton, type Heard, retainedOf } from './button.ts';
import { explained } from './reasons.ts';
import { templates } from './site.ts';
import type { World } from './world.ts';

export interface Violation {
  what: string;
  /** The press it is about, where it is about one. */
  button?: string;
  press?: number;
}

export interface Findings {
  violations: Violation[];
  presses: PressRecord[];
  /** Standing clusters of ours. */
  clusters: number;
  doubled: number;
  lost: number;
}

/** Ends the world's provisioner: its journal is read from the disk. The relay must be up. */
export async function audit(world: World): Promise<Findings> {
  const { ccp, site, relayPort } = world;
  await Promise.all(world.buttons.map(button => button.close()));
  const retained = new Map(
    await Promise.all(
      world.buttons.map(async ({ name }) => [name, await retainedOf(site, name, relayPort)] as const),
    ),
  );
  await world.killProvisioner();
  const { presses, buttons } = await readJournal(world.config.journal);
  const statuses = new Map(buttons.map(({ button, status }) => [button, status]));
  const foreign = new Set(world.foreign.map(({ uuid }) => uuid));
  const ours = ccp.clusters().filter(({ uuid }) => !foreign.has(uuid));
  const doubled = doubles(world, foreign);
  const violations = [
    ...presses.flatMap(press => ofPress(press, ours)),
    ...world.buttons.flatMap(button => ofDiary(button, presses)),
    ...world.buttons.flatMap(({ name }) => ofRetained(name, statuses.get(name), retained.get(name))),
    ...doubled,
    ...unknown(world, foreign, presses),
    ...ofForeign(world),
    ...[...world.ranges.shared].map(pair => ({ what: `one range for two: ${pair}` })),
    ...world.untrue,
    ...(await ofAddresses(world, presses)),
  ];
  const lost = violations.filter(({ what }) => what.startsWith('lost')).length;
  return { violations, presses, clusters: ours.length, doubled: doubled.length, lost };
}

/** The end of one press: exactly one of the allowed ones, and the platform agrees. */
function ofPress(record: PressRecord, ours: readonly ClusterSnapshot[]): Violation[] {
  const { button, press, step, cluster, line = '', cleanUp, range, id, address } = record;
  const named = cluster === '' ? [] : ours.filter(({ name }) => name === cluster);
  const found: string[] = [];
  const none = () => {
    if (named.length > 0) found.push(`${step}, but the platform has ${named.length} of it`);
  };
  switch (step) {
    case 'ready': {
      const [one, ...more] = named;
      if (one === undefined) found.push('ready, but the platform has no such cluster');
      else if (more.length > 0) found.push(`ready, but the platform has ${named.length} of it`);
      else {
        if (one.state !== 'ready') found.push(`ready, but the platform says ${one.state}`);
        if (one.cidr !== range) found.push(`its range is ${range}, the platform's is ${one.cidr}`);
        if (one.address !== address)
          found.push(`its address is ${address}, the platform's is ${one.address}`);
        if (one.id !== id) found.push(`its id is ${id}, the platform's is ${one.id}`);
      }
      break;
    }
    case 'failed':
      none();
      if (line === '') found.push('failed without a reason');
      else if (!explained(line, cluster)) found.push(`failed for a reason that nobody made: ${line}`);
      if (cleanUp !== undefined && cleanUp.endedAt === undefined) found.push('lost: its clean-up has no end');
      break;
    case 'rejected':
      none();
      if (line === '') found.push('rejected without a reason');
      break;
    case 'released':
      none();
      break;
    case 'joined':
      if (record.of === undefined) found.push('joined to nothing');
      break;
    default:
      found.push(`lost: still ${step}`);
  }
  return found.map(what => ({ what, button, press }));
}

/** What a button was told, against the journal and against what was told before. */
function ofDiary(
  { name, heard, pressed, complaints }: FaultButton,
  all: readonly PressRecord[],
): Violation[] {
  const presses = new Map(all.filter(({ button }) => button === name).map(record => [record.press, record]));
  const clusters = new Set([...presses.values()].map(({ cluster }) => cluster));
  const violations: Violation[] = complaints.map(what => ({ what, button: name }));
  const say = (what: string, press: number) => violations.push({ what, button: name, press });
  const told = new Map<number, Status>();
  let before: Status | undefined;
  for (const { status } of heard) {
    const { press, seq, state, cluster } = status;
    if (before !== undefined && (press < before.press || (press === before.press && seq < before.seq)))
      say(`told ${press}/${seq} after ${before.press}/${before.seq}`, press);
    if (before !== undefined && fellBack(before, status))
      say(`${status.percent} percent after ${before.percent}`, press);
    if (press > 0 && !pressed.has(press)) say('an answer to a press that was never made', press);
    if (cluster !== '' && !clusters.has(cluster)) say(`lost: told ${state} of ${cluster}`, press);
    before = status;
    if (press > 0) told.set(press, status);
  }
  for (const [press, { state }] of told) {
    if (!presses.has(press)) say(`lost: told ${state}, and the journal has no such press`, press);
  }
  return violations;
}

/** Within one press, one cluster and one way (up or back), progress never falls. A failure ends either. */
function fellBack(before: Status, now: Status): boolean {
  if (before.press !== now.press || before.cluster !== now.cluster || now.cluster === '') return false;
  const isBack = (status: Status) => status.state === 'releasing' || status.state === 'released';
  const isFailure = now.state === 'failed' || before.state === 'failed';
  if (isFailure && (isBack(before) || isBack(now) || before.state === 'ready')) return false;
  return isBack(before) === isBack(now) && now.percent < before.percent;
}

function ofRetained(button: string, journal: Status | undefined, relay: Status | undefined): Violation[] {
  // A button that was never heard has no record; the relay says idle to it.
  if (journal === undefined && relay?.state === 'idle') return [];
  if (JSON.stringify(sorted(journal)) === JSON.stringify(sorted(relay))) return [];
  const told = ({ press, seq, state }: Status) => `${press}/${seq} ${state}`;
  const [disk, air] = [journal, relay].map(status => (status === undefined ? 'nothing' : told(status)));
  return [{ what: `the relay keeps ${air}, the journal has ${disk}`, button }];
}

function sorted(status: Status | undefined): [string, unknown][] {
  return Object.entries(status ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Clusters that were made beyond one for each name. */
function doubles({ ccp }: World, foreign: ReadonlySet<string>): Violation[] {
  const seen = new Set<string>();
  const violations: Violation[] = [];
  for (const { name, id } of ccp.made()) {
    if (foreign.has(id)) continue;
    if (seen.has(name)) violations.push({ what: `doubled: ${name} was made again`, ...pressOf(name) });
    seen.add(name);
  }
  return violations;
}

function unknown({ ccp }: World, foreign: ReadonlySet<string>, presses: readonly PressRecord[]): Violation[] {
  const known = new Set(presses.map(({ cluster }) => cluster));
  return ccp
    .made()
    .filter(({ name, id }) => !foreign.has(id) && !known.has(name))
    .map(({ name }) => ({
      what: `the platform made ${name}, which the journal does not know`,
      ...pressOf(name),
    }));
}

function pressOf(cluster: string): { button: string; press: number } {
  const dash = cluster.lastIndexOf('-');
  return { button: cluster.slice(0, dash), press: Number(cluster.slice(dash + 1)) };
}

function ofForeign({ ccp, foreign }: World): Violation[] {
  const now = new Map(ccp.clusters().map(cluster => [cluster.uuid, JSON.stringify(cluster)]));
  return foreign
    .filter(cluster => now.get(cluster.uuid) !== JSON.stringify(cluster))
    .map(({ name }) => ({ what: `the cluster ${name} of other people was touched` }));
}

/** Every ready cluster's API server is asked itself. */
async function ofAddresses(world: World, presses: readonly PressRecord[]): Promise<Violation[]> {
  const { url, user: username, password, caPem } = world.ccp;
  const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca: caPem } });
  const violations: Violation[] = [];
  const signal = new AbortController().signal;
  for (const { button, press, step, cluster, profile } of presses) {
    const order = world.site.buttons.find(({ name }) => name === button)?.order;
    if (step !== 'ready' || order === undefined || order !== profile) continue;
    const target = { name: cluster, template: templates[order](), addOns: [] };
    const why = await platform
      .access(target, signal)
      .then(access => askReady(access, signal))
      .catch((error: Error) => error.message);
    if (why !== undefined) violations.push({ what: `ready, but does not answer: ${why}`, button, press });
  }
  await platform.close();
  return violations;
}

/** What a press went through: for whoever looks for the mistake. */
export function historyOf(
  { button, press }: Violation,
  world: World,
  presses: readonly PressRecord[],
): string[] {
  const diary = world.buttons.find(({ name }) => name === button)?.heard ?? [];
  const record = presses.find(each => each.button === button && each.press === press);
  const made = world.ccp.made().filter(({ name }) => name === `${button}-${press}`);
  const about = diary.filter(
    ({ status }) => status.press === press || status.cluster === `${button}-${press}`,
  );
  return [
    `  journal: ${JSON.stringify(record) ?? 'nothing'}`,
    `  platform made: ${made.map(({ id }) => id).join(', ') || 'nothing'}`,
    ...about.map(heard => `  heard ${toldLine(heard)}`),
  ];
}

function toldLine({ atMs, status }: Heard): string {
  const { press, seq, state, cluster, phase, percent, line = '' } = status;
  return `${new Date(atMs).toISOString().slice(11, 23)} ${press}/${seq} ${state} ${cluster} ${percent} % ${phase} ${line}`;
}
