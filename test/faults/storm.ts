/** The storm: buttons press, the platform stumbles, provisioner and relay are killed at random moments; then it calms. */
import { audit, type Findings, historyOf } from './audit.ts';
import { type FaultButton, pause } from './button.ts';
import { Child } from './child.ts';
import type { FailurePlan, StormPlan } from './plan.ts';
import { collidingPress } from './reasons.ts';
import { makeSite, type Site } from './site.ts';
import type { Foreign } from './world.ts';
import { World } from './world.ts';

/** After the storm: builds, clean-ups and times to live that are under way (milliseconds). */
const settleLimitMs = 120_000;
const relayLimitMs = 30_000;

export interface StormReport extends Findings {
  pressed: number;
  deliveries: number;
  provisionerKills: number;
  relayKills: number;
  failures: Map<string, number>;
  /** Lines for each violation. */
  histories: string[];
}

/** @param addressPool for the platform's addresses. */
export async function runStorm(plan: StormPlan, addressPool: string): Promise<StormReport> {
  const site = makeSite('storm', plan.buttons);
  const relay = new Relay(site);
  const port = await relay.open();
  const foreign = foreignFor(plan);
  const world = await World.open({ site, relayPort: port, speed: plan.speed, addressPool, foreign });
  try {
    const calm = new AbortController();
    const counts = { provisioner: 0, relay: 0 };
    const failures = new Map<string, number>();
    world.startProvisioner();
    const pressing = Promise.all(
      plan.buttons.map(({ name, presses }) => pressAll(world.button(name), presses, calm.signal)),
    );
    const failing = Promise.all(plan.failures.map(stream => failAll(world, stream, failures, calm.signal)));
    await Promise.all([killProvisioners(world, plan, counts), killRelays(relay, plan, counts)]);
    calm.abort();
    await failing;
    world.ccp.clearFailures();
    // A new process has no long back-off to sit out.
    await world.killProvisioner();
    world.startProvisioner();
    await pressing;
    const open = await world.settle(settleLimitMs);
    const findings = await audit(world);
    findings.violations.push(...open.map(what => ({ what: `not settled: ${what}` })));
    return {
      ...findings,
      pressed: world.buttons.reduce((sum, { pressed }) => sum + pressed.size, 0),
      deliveries: world.buttons.reduce((sum, { deliveries }) => sum + deliveries, 0),
      provisionerKills: counts.provisioner,
      relayKills: counts.relay,
      failures,
      histories: findings.violations.flatMap(violation => [
        `${violation.button ?? ''}/${violation.press ?? ''}: ${violation.what}`,
        ...(violation.press === undefined ? [] : historyOf(violation, world, findings.presses)),
      ]),
    };
  } finally {
    await world.close();
    await relay.close();
  }
}

async function pressAll(
  button: FaultButton,
  presses: StormPlan['buttons'][number]['presses'],
  calm: AbortSignal,
): Promise<void> {
  for (const press of presses) {
    if (calm.aborted) return;
    await pause(press.pauseMs);
    await button.press(press, calm);
  }
}

async function failAll(
  world: World,
  stream: readonly FailurePlan[],
  counts: Map<string, number>,
  calm: AbortSignal,
): Promise<void> {
  for (const { afterMs, failure, forMs } of stream) {
    await pause(afterMs);
    if (calm.aborted) return;
    counts.set(failure.kind, (counts.get(failure.kind) ?? 0) + 1);
    const end = world.ccp.fail(failure);
    await pause(forMs);
    end();
  }
}

async function killProvisioners(
  world: World,
  { provisionerKills }: StormPlan,
  counts: { provisioner: number },
): Promise<void> {
  for (const { afterMs, downMs } of provisionerKills) {
    await pause(afterMs);
    await world.killProvisioner();
    counts.provisioner++;
    await pause(downMs);
    world.startProvisioner();
  }
}

async function killRelays(relay: Relay, { relayKills }: StormPlan, counts: { relay: number }): Promise<void> {
  for (const { afterMs, downMs } of relayKills) {
    await pause(afterMs);
    await relay.close();
    counts.relay++;
    await pause(downMs);
    await relay.open();
  }
}

/** A relay that comes back on its port. */
class Relay {
  readonly #site: Site;
  #port = 0;
  #child: Child | undefined;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Resolves with its port. */
  async open(): Promise<number> {
    this.#child = new Child('relay-child', { port: this.#port, users: this.#site.users });
    const line = await this.#child.line('open ', relayLimitMs);
    if (line === undefined) throw new Error('the relay does not open');
    this.#port = Number(line.slice('open '.length));
    return this.#port;
  }

  async close(): Promise<void> {
    await this.#child?.kill();
  }
}

/** One beside ours in our pool, and one for each generation that has the name of a cluster that we shall want. */
function foreignFor({ buttons }: StormPlan): Foreign[] {
  const named = (order: 'v2-calico' | 'v3-calico', range: string): Foreign[] =>
    buttons
      .filter(button => button.order === order)
      .slice(0, 1)
      .map(({ name }) => ({ name: `${name}-${collidingPress}`, order, range }));
  return [
    { name: 'of-another-team', order: 'v2-aci', range: '10.64.1.0/24' },
    ...named('v2-calico', '10.64.3.0/24'),
    ...named('v3-calico', '10.64.5.0/24'),
  ];
}
