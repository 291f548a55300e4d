/** One cluster that the played controllers care for. */
import { isObject, type Json, type JsonObject } from '../../ccp/api-fields.ts';
import { type ApiNode, ApiObjects } from '../../ccp/api-objects.ts';
import type { ApiServer } from '../../ccp/api-server.ts';
import { ClusterIdentity } from '../../ccp/identity.ts';
import { finalizersOf } from '../commit.ts';
import { metadataOf, type Place } from '../store.ts';
import type { ControllerContext } from './controller-context.ts';
import { type Facts, firstFacts, isComplete } from './facts.ts';
import { statusOf } from './status.ts';

export const clusterFinalizer = 'cluster.cluster.x-k8s.io';

export type State = 'building' | 'ready' | 'failed' | 'deleting';

export class PlayedCluster {
  readonly place: Place;
  readonly uid: string;
  readonly identity = new ClusterIdentity();
  /** What has been put into it through its own API server. */
  readonly objects = new ApiObjects();
  readonly facts: Facts = firstFacts();
  readonly #lab: ControllerContext;
  /** Where its API is, or undefined before it has an address. */
  address: string | undefined;
  apiServer: ApiServer | undefined;
  /** Machines are being added. */
  growing = false;
  /** Gone from the store. */
  gone = false;

  constructor(place: Place, uid: string, lab: ControllerContext) {
    this.place = place;
    this.uid = uid;
    this.#lab = lab;
  }

  get name(): string {
    return this.place.name;
  }

  /** No building any more. */
  get over(): boolean {
    return this.gone || this.facts.deleting;
  }

  get object(): JsonObject {
    const object = this.#lab.store.get(this.place)?.object ?? {};
    return metadataOf(object).uid === this.uid ? object : {};
  }

  get spec(): JsonObject {
    const { spec } = this.object;
    return isObject(spec) ? spec : {};
  }

  /** The first range of its pods, empty when it names none. */
  get cidr(): string {
    const pods = dig(this.spec, 'clusterNetwork', 'pods', 'cidrBlocks');
    return Array.isArray(pods) ? String(pods[0] ?? '') : '';
  }

  get state(): State {
    if (this.facts.deleting) return 'deleting';
    if (this.facts.blocked?.terminal) return 'failed';
    return isComplete(this.facts) ? 'ready' : 'building';
  }

  /** Says in the status how far it is. */
  publish(): void {
    if (this.gone || this.object.metadata === undefined) return;
    const generation = Number(metadataOf(this.object).generation ?? 1);
    const status = statusOf(this.facts, this.object.status, generation);
    this.#lab.write(this.place, before => ({ ...before, status }), 'status');
  }

  changeSpec(change: (spec: JsonObject) => JsonObject): void {
    this.#lab.write(this.place, before => ({
      ...before,
      spec: change(isObject(before.spec) ? before.spec : {}),
    }));
  }

  setFinalizer(on: boolean): void {
    if (this.gone) return;
    this.#lab.write(this.place, before => {
      const others = finalizersOf(before).filter(one => one !== clusterFinalizer);
      const finalizers = on ? [...others, clusterFinalizer] : others;
      const { finalizers: _, ...metadata } = metadataOf(before);
      return { ...before, metadata: { ...metadata, ...(finalizers.length > 0 ? { finalizers } : {}) } };
    });
  }

  /** How its machines show as nodes. */
  nodes(): ApiNode[] {
    const { controlPlane, workers } = this.facts;
    const some = (count: number, word: string, isMaster: boolean) =>
      Array.from({ length: count }, (_, i) => ({
        name: `${this.name}-${word}-${i}`,
        isMaster,
        ready: true,
        address: this.address ?? '',
      }));
    return [...some(controlPlane.ready, 'control-plane', true), ...some(workers.ready, 'worker', false)];
  }
}

/** `object.a.b.c`; undefined when a part of the way is missing. */
export function dig(object: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>((at, key) => (isObject(at) ? at[key] : undefined), object);
}
