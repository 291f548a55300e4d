/** What the health checks of a load balancer, an orchestrator or a person are answered. */
import type { Health, PartHealth } from '../health.ts';

export interface Readiness {
  ready: boolean;
  parts: { relay: PartHealth; journal: PartHealth };
  /** For information: one that is well is enough. */
  relays: Health['relays'];
  /** For information: see {@link readinessOf}. */
  platforms: Health['platforms'];
}

/**
 * Ready: presses can be taken. That needs one of the relays and the journal. It does not need the platforms: a press is taken
 * while one of them is away, waits for it, and its button says so. Nothing that is done on "not ready" (another
 * start, another site's provisioner) would bring a platform back.
 */
export function readinessOf({ relay, relays, journal, platforms }: Health): Readiness {
  return { ready: relay.ok && journal.ok, parts: { relay, journal }, relays, platforms };
}
