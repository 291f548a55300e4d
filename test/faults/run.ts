/** The whole suite: makes the plan, carries it out, tells what came of it. */
import { digestOf, makePlan, type Size } from './plan.ts';
import { reasonOf } from './reasons.ts';
import { runSteps, type StepReport } from './steps.ts';
import { runStorm, type StormReport } from './storm.ts';

/** With fewer clusters of those that were ordered a run has shown little (parts of a hundred). A short one has few. */
const leastBuiltPercent: Record<Size, number> = { short: 1, long: 25 };

export interface Outcome {
  /** Everything to print, without the plan. */
  lines: string[];
  violations: string[];
}

/** @param network the first two numbers of a block of 127.0.0.0/8, like `127.241`; the next one is used too. */
export async function runFaults(
  seed: number,
  size: Size,
  network: [steps: string, storm: string],
): Promise<Outcome> {
  const startMs = performance.now();
  const plan = makePlan(seed, size);
  // Side by side: both mostly wait.
  const [steps, storm] = await Promise.all([
    runSteps(plan.steps, network[0]),
    runStorm(plan.storm, `${network[1]}.0.0/16`),
  ]);
  const ordered = storm.presses.filter(({ cluster }) => cluster !== '');
  const built = ordered.filter(({ step }) => step === 'ready' || step === 'released');
  const violations = [...steps.violations, ...storm.histories];
  if (built.length * 100 < ordered.length * leastBuiltPercent[size])
    violations.push(`only ${built.length} of ${ordered.length} orders were built: the run shows little`);
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const lines = [
    `faults ${size}, SEED=${seed}, plan ${digestOf(plan)}: the same seed makes the same plan; how processes meet differs from run to run`,
    ...linesOf(steps, storm, plan.steps.length),
    `built ${built.length} of ${ordered.length} orders; ${seconds} s`,
  ];
  return { lines, violations };
}

function linesOf(steps: StepReport, storm: StormReport, planned: number): string[] {
  const failed = new Map<string, number>();
  for (const { step, line = '' } of storm.presses) {
    if (step !== 'failed' && step !== 'rejected') continue;
    const reason = reasonOf(line);
    failed.set(reason, (failed.get(reason) ?? 0) + 1);
  }
  const ends = new Map<string, number>();
  for (const { step } of storm.presses) ends.set(step, (ends.get(step) ?? 0) + 1);
  return [
    `presses ${steps.pressed + storm.pressed}, deliveries ${steps.deliveries + storm.deliveries}`,
    `kills: ${steps.kills} of ${planned} at a write of the journal, ${storm.provisionerKills} of the provisioner and ${storm.relayKills} of the relay at random`,
    `failures of the platform switched on: ${counted(storm.failures)}`,
    `ends: ${counted(ends)}`,
    `clusters standing ${storm.clusters}; failures with a reason: ${counted(failed)}`,
    `doubled ${steps.doubled + storm.doubled}, lost ${steps.lost + storm.lost}`,
  ];
}

function counted(counts: ReadonlyMap<string, number>): string {
  const all = [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
  return all.length === 0 ? 'none' : all.join(', ');
}
