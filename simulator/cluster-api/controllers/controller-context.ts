/** What all played controllers work with: the store, the clock, the addresses, what goes wrong. */

import type { AddressPool } from '../../ccp/addresses.ts';
import type { JsonObject } from '../../ccp/api-fields.ts';
import type { Clock } from '../../ccp/clock.ts';
import { schemaOf } from '../cluster-schema.ts';
import { noFinalizers, settle, withGeneration } from '../commit.ts';
import { storageVersion } from '../conversion.ts';
import type { Failures } from '../failures.ts';
import { groupVersion, type Kind } from '../kinds.ts';
import { shown, updated } from '../managers.ts';
import { metadataOf, type Place, type Store } from '../store.ts';

/** What Cluster API's controllers call themselves in managed fields. */
const manager = 'manager';

/** How often a controller looks again at what has no event of its own (nominal ms; at least so many real ms). */
const lookAgainMs = 2000;
const leastRealMs = 5;

export class ControllerContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly pool: AddressPool;
  readonly failures: Failures;
  readonly kinds: readonly Kind[];
  readonly bindPoolAddresses: boolean;
  /** The API server is down: controllers cannot do anything either. */
  #up: Promise<void> | undefined;
  #comeUp: () => void = () => {};

  constructor(
    parts: Pick<ControllerContext, 'store' | 'clock' | 'pool' | 'failures' | 'kinds' | 'bindPoolAddresses'>,
  ) {
    this.store = parts.store;
    this.clock = parts.clock;
    this.pool = parts.pool;
    this.failures = parts.failures;
    this.kinds = parts.kinds;
    this.bindPoolAddresses = parts.bindPoolAddresses;
  }

  pause(): void {
    this.#up ??= new Promise(resolve => {
      this.#comeUp = resolve;
    });
  }

  resume(): void {
    this.#up = undefined;
    this.#comeUp();
  }

  /** Waits (nominal ms) and until the API server is there. False when the simulator was closed. */
  async wait(nominalMs: number): Promise<boolean> {
    const goOn = await this.clock.reach(this.clock.nowMs() + nominalMs);
    await this.#up;
    return goOn;
  }

  /** Looks again and again until `done`; false when the simulator was closed, or `over` says so. */
  async until(done: () => boolean, over: () => boolean): Promise<boolean> {
    while (!done()) {
      if (over() || !(await this.wait(Math.max(lookAgainMs, leastRealMs * this.clock.speed)))) return false;
    }
    return !over();
  }

  kindOf(group: string, kind: string): Kind | undefined {
    return this.kinds.find(one => one.group === group && one.kind === kind);
  }

  /** Makes an object or changes it, as the controllers do: past all checks. Nothing happens when it says the same. */
  write(place: Place, change: (before: JsonObject) => JsonObject, subresource = ''): void {
    const before = this.store.get(place);
    const version = groupVersion(place.kind.group, storageVersion(place.kind));
    const bare = { apiVersion: version, kind: place.kind.kind, metadata: {} };
    const wanted = change(before?.object ?? bare);
    const target = { ...place, version, subresource };
    const settled = settle(wanted, before?.object, target);
    const writer = { manager, apiVersion: version, subresource };
    const schema = schemaOf(place.kind, storageVersion(place.kind));
    const managers = updated(before?.object ?? {}, settled, schema, before?.managers ?? [], writer);
    // The same fields by the same managers: nothing has changed.
    if (before !== undefined && managers === before.managers) return;
    const counted = withGeneration(settled, before?.object, target);
    const metadata = { ...metadataOf(counted), managedFields: shown(managers) };
    const complete = { ...counted, metadata };
    if (metadataOf(complete).deletionTimestamp !== undefined && noFinalizers(complete))
      this.store.remove(place);
    else this.store.put(place, complete, managers);
  }
}
