/** The relay's metrics, in Prometheus' text format; read from its counters when they are asked for. No names, no topics. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { RelayStats } from './counters.ts';

export interface Metrics {
  contentType: string;
  text(): Promise<string>;
}

export function makeMetrics(relay: { stats: () => RelayStats }): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const total = (name: string, help: string, read: () => number) =>
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const now = (name: string, help: string, read: () => number) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  now('dashbutton_relay_connections', 'Open connections, logged in or not.', () => relay.stats().connections);
  now('dashbutton_relay_clients', 'Clients that are logged in.', () => relay.stats().clients);
  total('dashbutton_relay_logins_total', 'Logins that were granted.', () => relay.stats().logins);
  total(
    'dashbutton_relay_messages_total',
    'Messages taken from clients, wills included.',
    () => relay.stats().published,
  );
  total(
    'dashbutton_relay_slowed_total',
    'Messages taken later, because their client was too fast.',
    () => relay.stats().slowed,
  );
  total(
    'dashbutton_relay_users_files_taken_total',
    'Changed users files that were taken over.',
    () => relay.stats().usersFilesTaken,
  );
  total(
    'dashbutton_relay_users_files_broken_total',
    'Changed users files that were broken, and were not.',
    () => relay.stats().usersFilesBroken,
  );
  new Counter({
    name: 'dashbutton_relay_refused_total',
    help: 'Everything that was refused, by reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(relay.stats().refused)) this.inc({ reason }, count);
    },
  });
  return { contentType: registry.contentType, text: () => registry.metrics() };
}
