/** What the contract tests need of a platform, whichever it is. */
import { setMaxListeners } from 'node:events';
import { messageOf } from '../../config/src/setup-error.ts';
import { nextAct } from '../../provisioner/src/builds/plan.ts';
import { isOurs, removeOnce } from '../../provisioner/src/builds/removal.ts';
import type {
  ClusterRequest,
  Observation,
  Platform,
  Template,
} from '../../provisioner/src/platforms/platform.ts';

/** A platform with nothing on it but what the tests make. */
export interface World {
  template: Template;
  /** A new driver, as a provisioner that has just been started has it. The world closes it in the end. */
  driver(): Platform;
  /** Names of all clusters, read past the driver, sorted. */
  clusters(): Promise<string[]>;
  /** What cannot change unless somebody changes the cluster's order: two of these are equal or it was touched. */
  order(name: string): Promise<unknown>;
  /** Somebody else's cluster, built to its end. */
  foreign(name: string, range: string): Promise<void>;
  /** The next cluster breaks for good while being built, and these are the platform's words for it. */
  failNext(words: string): void;
  /** The next create is carried out, its answer is lost. */
  loseAnswer(): void;
  /** The next create is carried out twice, as by a gateway that tries again; the second answer comes back. */
  doubleOrder(): void;
  /**
   * Creates end in the middle: the cluster is there, what belongs to it is not; until the returned function is called.
   * Left out where the platform takes an order in one piece.
   */
  stopInTheMiddle?: () => () => void;
  /** How many objects belong to this cluster beside it; with {@link stopInTheMiddle} only. */
  parts?: (name: string) => Promise<number>;
  close(): Promise<void>;
}

/** A row of the table; without `start` where it cannot run, and then the name says why. */
export interface Row {
  name: string;
  start?: () => Promise<World>;
  /** When all its tests are over. */
  end?: () => Promise<void>;
}

export const never = new AbortController().signal;
// Shared by many calls at once; in a provisioner each build has one of its own.
setMaxListeners(0, never);

/** A busy machine with two cores is slow: builds here take a second or two. */
export const slowMs = 60_000;
const lookEveryMs = 20;

/** What the provisioner would ask for; `mark` is how it knows its own again. */
export function orderOf({ template }: Pick<World, 'template'>, name: string, range: string) {
  const description = `dash button ${name.replace(/-\d+$/, '')} of lab, press ${name.replace(/^.*-/, '')}`;
  const request: ClusterRequest = { name, template, addOns: [], range, description };
  return { request, target: { name, template, addOns: [] as string[] }, mark: description };
}

export type Order = ReturnType<typeof orderOf>;

/** Asks, and waits until the call has ended one way or the other; the words of a refusal, else an empty text. */
export function ask(driver: Platform, { request }: Order): Promise<string> {
  return driver.create(request, never).then(
    () => '',
    error => messageOf(error) || 'no words',
  );
}

/** Looks until it fits. Returns everything seen that differs from the look before it, oldest first. */
export async function watch(
  driver: Platform,
  { target }: Order,
  fits: (seen: Observation) => boolean,
): Promise<Observation[]> {
  const endMs = performance.now() + slowMs;
  const seen: Observation[] = [];
  while (performance.now() < endMs) {
    const now = await driver.observe(target, never);
    if (JSON.stringify(now) !== JSON.stringify(seen.at(-1))) seen.push(now);
    if (fits(now)) return seen;
    await new Promise(resolve => setTimeout(resolve, lookEveryMs));
  }
  throw new Error(`not seen within ${slowMs} ms; last: ${JSON.stringify(seen.at(-1))}`);
}

/**
 * Follows a cluster that was asked for by a process that is dead, deciding as the provisioner does: it asks again only
 * for one that is not there.
 */
export async function resume(driver: Platform, order: Order): Promise<Observation[]> {
  const create = { state: 'none', words: '', tries: 0 } as const;
  let asked = false;
  return watch(driver, order, observation => {
    const settled = { absentForMs: 1, settleMs: 0 };
    const act = nextAct({ step: 'creating', observation, create, ...settled });
    if (act.kind === 'fail') throw new Error(act.words);
    if (act.kind === 'create' && !asked) {
      asked = true;
      void ask(driver, order);
    }
    return act.kind === 'verify';
  });
}

export async function until<K extends Observation['kind']>(driver: Platform, order: Order, kind: K) {
  const seen = (await watch(driver, order, ({ kind: is }) => is === kind)).at(-1);
  return seen as Extract<Observation, { kind: K }>;
}

/** Gives it back as the provisioner does, by its id or, without one, by its mark, until nothing of it is left. */
export async function giveBack(driver: Platform, { target, mark }: Order, id?: string): Promise<void> {
  const endMs = performance.now() + slowMs;
  let asked = false;
  const mayAsk = () => {
    const first = !asked;
    asked = true;
    return first;
  };
  while (performance.now() < endMs) {
    const removed = await removeOnce(driver, { target, id, mark }, mayAsk, never);
    if (removed.kind === 'gone') return;
    await new Promise(resolve => setTimeout(resolve, lookEveryMs));
  }
  throw new Error(`${target.name} is not gone within ${slowMs} ms`);
}

/** True when the provisioner would take what it sees for its own. */
export function isMine({ mark }: Order, seen: Observation): boolean {
  return seen.kind !== 'absent' && isOurs({ id: undefined, mark }, seen);
}
