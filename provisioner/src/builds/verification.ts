/**
 * The last steps of a build, after the platform has said ready: the new cluster is asked itself. Each step may be
 * repeated, so a crash in between costs nothing.
 */

import { type Access, PlatformError } from '../common/platform.ts';
import type { PressRecord } from '../journal/records.ts';
import { applyManifests } from '../kubernetes/apply.ts';
import { kubeInto } from '../kubernetes/new-cluster.ts';
import { nodesReady } from '../kubernetes/nodes.ts';
import { fillIn } from '../kubernetes/placeholders.ts';
import { askReady } from '../kubernetes/ready.ts';
import { type JobDeps, targetOf } from './job.ts';

export const phaseCalling = 'calling the API server';

/** Either all is there, or what is under way, in a few words for the display. */
export type Verified = { access: Access } | { phase: string };

export class Verification {
  readonly #deps: JobDeps;
  readonly #signal: AbortSignal;
  /** Applied by this process: once is enough, and after a restart once more does no harm. */
  #applied = false;

  constructor(deps: JobDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /**
   * One round: isolation before anything else can run in the cluster, then its nodes, then the add-ons.
   * @throws PlatformError, transient when the API server does not answer.
   */
  async round(record: PressRecord): Promise<Verified> {
    const { platform, profile } = this.#deps;
    const target = targetOf(profile, record);
    const access = await platform.access(target, this.#signal);
    const why = await askReady(access, this.#signal);
    if (why !== undefined)
      throw new PlatformError(`API server does not answer: ${why}`, {
        transient: true,
        brief: 'API server not answering yet',
      });
    const phase = (await this.#inside(access, record)) ?? (await platform.equip(target, this.#signal));
    return phase === undefined ? { access } : { phase };
  }

  /** What the cluster itself is asked with its administrator's rights; nothing when the profile wants nothing of it. */
  async #inside(access: Access, { cluster, button, press }: PressRecord): Promise<string | undefined> {
    const { manifests = [], nodesReady: wanted = false } = this.#deps.profile;
    const apply = manifests.length > 0 && !this.#applied;
    if (!apply && !wanted) return undefined;
    const kube = kubeInto(access.kubeconfig);
    try {
      if (apply) {
        const filled = fillIn(manifests, { cluster, button, press: String(press) });
        await applyManifests(kube, filled, {}, this.#signal);
        this.#applied = true;
        this.#deps.log.info({ manifests: manifests.length }, 'manifests applied');
      }
      if (!wanted) return undefined;
      const { ready, total } = await nodesReady(kube, this.#signal);
      return total > 0 && ready === total ? undefined : `nodes ready ${ready}/${total}`;
    } finally {
      await kube.close();
    }
  }
}
