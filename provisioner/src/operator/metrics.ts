/**
 * The metrics, in Prometheus' text format. All are read when they are asked for: from the counters and from the
 * journal's records, so that what the journal knows counts on across a restart.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { PartHealth } from '../health.ts';
import { isBuilding, type PressRecord, stands, steps } from '../journal/records.ts';
import type { Counters } from '../presses/counters.ts';
import type { Provisioner } from '../service.ts';
import { clusterStateOf, clusterStates } from './cluster-state.ts';

/** What is measured. The last two are optional until every provisioner tells them: without them their metrics are left out. */
export type Measured = Pick<
  Provisioner,
  'counters' | 'presses' | 'health' | 'relays' | 'noticesWaiting' | 'refusedNotices' | 'clockJumps'
>;

export interface Metrics {
  contentType: string;
  text(): Promise<string>;
}

/** Close together where builds usually end (160 s was assumed in 2019), up to an hour (seconds). */
const buildBuckets = [15, 30, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1200, 1800, 3600];

/** The default metrics see every event loop and collection of garbage; two registries would see all of it twice. */
export function makeMetrics(provisioner: Measured, profiles: readonly string[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addPresses(registry, provisioner);
  addClusters(registry, provisioner, profiles);
  addRelays(registry, provisioner);
  addParts(registry, provisioner);
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

function addPresses(registry: Registry, provisioner: Measured): void {
  counter(
    registry,
    'dashbutton_payloads_received_total',
    'Payloads on the press topics, whatever they were.',
    [],
    set => set({}, provisioner.counters.received),
  );
  counter(
    registry,
    'dashbutton_presses_total',
    'What became of payloads, each counted once.',
    ['result'],
    set => {
      for (const [result, count] of Object.entries(resultsOf(provisioner.counters))) set({ result }, count);
    },
  );
  gauge(
    registry,
    'dashbutton_last_press_timestamp_seconds',
    'When the last press was taken; absent before the first.',
    [],
    set => {
      const last = provisioner.presses().reduce((max, { acceptedAt }) => Math.max(max, acceptedAt), 0);
      if (last > 0) set({}, last / 1000);
    },
  );
}

/** `rejected` of the counters has stale ones and those against a rule in it. */
function resultsOf(counters: Readonly<Counters>): Record<string, number> {
  const { accepted, joined, shown, releases, repeated, replayed, stale, quota, rejected } = counters;
  const { tooLong, badSignature, badBody, dropped, unwritten } = counters;
  return {
    accepted,
    joined,
    shown,
    release: releases,
    repeated,
    replayed,
    stale,
    quota,
    rejected: rejected - stale - quota,
    too_long: tooLong,
    bad_signature: badSignature,
    bad_body: badBody,
    dropped,
    unwritten,
  };
}

function addClusters(registry: Registry, provisioner: Measured, profiles: readonly string[]): void {
  gauge(registry, 'dashbutton_builds', 'Builds under way, by the step they are in.', ['step'], set => {
    for (const [step, count] of countBy(provisioner.presses(), ({ step }) => step, steps))
      if (isBuilding(step)) set({ step }, count);
  });
  gauge(
    registry,
    'dashbutton_clusters',
    'Clusters that stand, or of which something may: building, ready, releasing, or left by a failed build.',
    ['profile', 'state'],
    set => {
      const presses = provisioner.presses();
      for (const profile of new Set([...profiles, ...presses.filter(stands).map(press => press.profile)])) {
        const own = presses.filter(press => press.profile === profile);
        for (const [state, count] of countBy(own, clusterStateOf, clusterStates))
          set({ profile, state }, count);
      }
    },
  );
  const durations = new Histogram({
    name: 'dashbutton_build_duration_seconds',
    help: 'From the press to the answering API server (result ready), or to the failure (result failed).',
    labelNames: ['profile', 'result'],
    buckets: buildBuckets,
    registers: [registry],
    collect() {
      this.reset();
      for (const { profile, cluster, step, acceptedAt, endedAt } of provisioner.presses()) {
        if (cluster === '' || endedAt === undefined) continue;
        const result = step === 'failed' ? 'failed' : 'ready';
        durations.observe({ profile, result }, Math.max(0, endedAt - acceptedAt) / 1000);
      }
    },
  });
}

function addRelays(registry: Registry, provisioner: Measured): void {
  gauge(
    registry,
    'dashbutton_relay_connected',
    '1 while connected to that relay and listening; presses come as long as one is.',
    ['relay'],
    set => {
      for (const { name, connected } of provisioner.relays) set({ relay: name }, connected ? 1 : 0);
    },
  );
  const counted = {
    dashbutton_relay_connects_total: ['connects', 'Connections made to that relay.'],
    dashbutton_relay_failures_total: ['failures', 'Attempts to reach that relay that failed.'],
    dashbutton_relay_said_again_total: [
      'saidAgain',
      'Times that the relay handed out an old status or beacon of ours, and the newest was said again.',
    ],
    dashbutton_relay_deaf_total: ['deaf', 'Connections given up because our own beacon did not come back.'],
  } as const;
  for (const [name, [field, help]] of Object.entries(counted)) {
    counter(registry, name, help, ['relay'], set => {
      for (const relay of provisioner.relays) set({ relay: relay.name }, relay[field]);
    });
  }
}

function addParts(registry: Registry, provisioner: Measured): void {
  const ok = ({ ok }: PartHealth) => (ok ? 1 : 0);
  gauge(registry, 'dashbutton_journal_ok', '1 while the journal can be written.', [], set =>
    set({}, ok(provisioner.health().journal)),
  );
  gauge(
    registry,
    'dashbutton_platform_ok',
    '1 when the platform answered at the last look.',
    ['platform'],
    set => {
      for (const [platform, health] of Object.entries(provisioner.health().platforms))
        set({ platform }, ok(health));
    },
  );
  gauge(
    registry,
    'dashbutton_webhook_notices_refused',
    'Notices that a webhook has refused for good, and that nobody has sent again.',
    [],
    set => set({}, provisioner.refusedNotices().length),
  );
  counter(
    registry,
    'dashbutton_clock_jumps_total',
    "How often this machine's clock was set, or the process held.",
    [],
    set => set({}, provisioner.clockJumps.count),
  );
  gauge(
    registry,
    'dashbutton_webhook_notices_waiting',
    'Notices that webhooks have not taken yet.',
    [],
    set => set({}, provisioner.noticesWaiting),
  );
}

type Set = (labels: Record<string, string>, value: number) => void;

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  read: (set: Set) => void,
): void {
  new Gauge({
    ...{ name, help, labelNames, registers: [registry] },
    collect() {
      this.reset();
      // A gauge without labels is 0 after a reset; what is not known is left out instead.
      if (labelNames.length === 0) this.remove();
      read((labels, value) => this.set(labels, value));
    },
  });
}

/** The count itself is kept elsewhere. */
function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  read: (set: Set) => void,
): void {
  new Counter({
    ...{ name, help, labelNames, registers: [registry] },
    collect() {
      this.reset();
      read((labels, value) => this.inc(labels, value));
    },
  });
}

/** One entry for each of `kinds`, also for those that are not there. */
function countBy<K>(
  presses: readonly PressRecord[],
  kindOf: (press: PressRecord) => K | undefined,
  kinds: readonly K[],
): Map<K, number> {
  const counts = new Map(kinds.map(kind => [kind, 0]));
  for (const press of presses) {
    const kind = kindOf(press);
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
