/** SIGKILL at every write of the journal, right before it and right after: a small lab for each. */

import { noRates } from '../../bench/no-rates.ts';
import { silentLog } from '../../config/src/log.ts';
import { sleep } from '../../provisioner/src/wait.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { makeUsers } from '../../relay/src/users.ts';
import type { Failure } from '../../simulator/ccp/simulator.ts';
import { audit, historyOf } from './audit.ts';
import { type FaultButton, pause } from './button.ts';
import type { Moment } from './moments.ts';
import type { ButtonPlan, PressPlan, StepPlan } from './plan.ts';
import { makeSite, type Site } from './site.ts';
import { World } from './world.ts';

/** A second for a build; when the machine was too slow to see what happens in it, ten. */
const speeds = [160, 16];

/** So many labs at once: mostly they wait. */
const together = 6;

/** What happens after the button has been told: a clean-up. */
const reachLimitMs = 20_000;
const settleLimitMs = 60_000;
const waitLimitMs = 60_000;

export interface StepReport {
  violations: string[];
  kills: number;
  pressed: number;
  deliveries: number;
  doubled: number;
  lost: number;
}

/** What is done, and how the first press has to end. */
interface Scenario {
  run: (world: World, button: FaultButton) => Promise<void>;
  end: string;
  failures?: readonly Failure[];
  rules?: ButtonPlan['rules'];
}

const create: PressPlan = {
  action: 'create',
  pauseMs: 0,
  againMs: [],
  overtaken: false,
  patienceMs: waitLimitMs,
};
const release: PressPlan = { ...create, action: 'release' };
const never = new AbortController().signal;

const build: Scenario = { run: async (_, button) => void (await button.press(create, never)), end: 'ready' };
const giveBack: Scenario = {
  run: async (_, button) => {
    await button.press(create, never);
    await button.press(release, never);
  },
  end: 'released',
};
const join: Scenario = {
  run: async (_, button) => {
    await button.press({ ...create, patienceMs: 0 }, never);
    await button.press(create, never);
  },
  end: 'ready',
};
const reject: Scenario = {
  run: async (_, button) => void (await button.press(release, never)),
  end: 'rejected',
};
const refused: Scenario = { ...build, end: 'failed', failures: [{ kind: 'badLogin' }] };
const broken: Scenario = { ...build, end: 'failed', failures: [{ kind: 'nodeError', times: 1 }] };
const stuck: Scenario = {
  ...broken,
  failures: [...(broken.failures ?? []), { kind: 'serverError', method: 'DELETE', times: 1 }],
};
const expire: Scenario = {
  run: async (world, button) => {
    await button.press(create, never);
    await eventually(() => world.ccp.clusters().length === 0);
  },
  end: 'released',
  rules: { timeToLiveS: 4, warnBeforeS: 2 },
};

const scenarios: Partial<Record<Moment, Scenario>> = {
  joined: join,
  rejected: reject,
  failed: refused,
  'clean-up begun': broken,
  'clean-up trouble': stuck,
  'clean-up ended': broken,
  releasing: giveBack,
  'release percent': giveBack,
  released: giveBack,
  warned: expire,
  expired: expire,
};

/** @param network the first two numbers of a block of 127.0.0.0/8 for the platforms' addresses. */
export async function runSteps(plans: readonly StepPlan[], network: string): Promise<StepReport> {
  // A second try has names of its own: the relay still keeps what the first one was told.
  const sites = plans.map((plan, i) =>
    speeds.map((_, attempt) => makeSite(`site-${i}-${attempt}`, [buttonOf(plan, `${i}-${attempt}`)])),
  );
  const users = makeUsers(sites.flat().flatMap(site => site.users));
  const relay = await startRelay({ host: '127.0.0.1', port: 0, users, log: silentLog, limits: noRates });
  const report: StepReport = { violations: [], kills: 0, pressed: 0, deliveries: 0, doubled: 0, lost: 0 };
  const left = [...plans.entries()];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [i, plan] = next;
      // 1,000 addresses each; those that share a block do not run together.
      const addressPool = `${network}.${(i % 64) * 4}.0/22`;
      await runStep(plan, sites[i] ?? [], relay.port, addressPool, report);
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  await relay.close();
  return report;
}

async function runStep(
  plan: StepPlan,
  sites: readonly Site[],
  relayPort: number,
  addressPool: string,
  report: StepReport,
): Promise<void> {
  for (const [attempt, site] of sites.entries()) {
    const world = await World.open({ site, relayPort, speed: speeds[attempt] ?? 1, addressPool });
    try {
      if (await tryStep(plan, world, report)) return;
    } finally {
      await world.close();
    }
  }
  report.violations.push(`${plan.order}, killed ${plan.side} ${plan.moment}: was never reached`);
}

/** False when the provisioner never came to the write at which it was to die. */
async function tryStep(
  { moment, side, order }: StepPlan,
  world: World,
  report: StepReport,
): Promise<boolean> {
  const scenario = scenarios[moment] ?? build;
  const say = (what: string) => report.violations.push(`${order}, killed ${side} ${moment}: ${what}`);
  for (const failure of scenario.failures ?? []) world.ccp.fail(failure);
  const [button] = world.buttons;
  if (button === undefined) throw new Error('a lab without a button');
  const dying = world.startProvisioner({ moment, side });
  const done = scenario.run(world, button);
  const limit = new AbortController();
  const late = done.then(() => sleep(reachLimitMs, limit.signal));
  await Promise.race([dying.ended, late]);
  limit.abort();
  if (dying.running || dying.signal !== 'SIGKILL') return false;
  report.kills++;
  if (moment === 'release percent' || moment === 'clean-up ended') {
    // What the dead one has removed: the next must not take this for its own.
    await world.squat({ name: `${button.name}-1`, order, range: '10.79.0.0/24' });
  }
  world.startProvisioner();
  await done;
  const open = await world.settle(settleLimitMs);
  for (const what of open) say(`not settled: ${what}`);
  const { violations, presses, doubled, lost } = await audit(world);
  for (const violation of violations) {
    say(violation.what);
    report.violations.push(...historyOf(violation, world, presses));
  }
  const end = presses.find(({ press }) => press === 1)?.step;
  if (end !== scenario.end) say(`ended as ${end}, expected ${scenario.end}`);
  report.pressed += button.pressed.size;
  report.deliveries += button.deliveries;
  report.doubled += doubled;
  report.lost += lost;
  return true;
}

function buttonOf({ order, moment }: StepPlan, index: string): ButtonPlan {
  return { name: `${order}-${index}`, order, rules: scenarios[moment]?.rules ?? {}, presses: [] };
}

async function eventually(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + waitLimitMs;
  while (!holds() && performance.now() < endMs) await pause(50);
}
