/** The status of a cluster, as v1beta2 has it; the old version's own words travel in `deprecated`. */
import { isObject, type Json, type JsonObject } from '../../ccp/api-fields.ts';
import { nowText } from '../managers.ts';
import { newConditions, oldConditions, timed } from './conditions.ts';
import { type Facts, phaseOf } from './facts.ts';

/**
 * @param before the status until now: conditions that say the same keep their time
 * @param generation of the object that the controllers have seen
 */
export function statusOf(facts: Facts, before: Json | undefined, generation: number): JsonObject {
  const old = isObject(before) ? before : {};
  const deprecated =
    isObject(old.deprecated) && isObject(old.deprecated.v1beta1) ? old.deprecated.v1beta1 : {};
  const now = nowText();
  const { blocked } = facts;
  const failure = blocked?.terminal ? { failureReason: blocked.reason, failureMessage: blocked.message } : {};
  return {
    phase: phaseOf(facts),
    observedGeneration: generation,
    initialization: reached(facts),
    conditions: timed(newConditions(facts), objects(old.conditions), now, { observedGeneration: generation }),
    controlPlane: counts(facts.controlPlane),
    workers: counts(facts.workers),
    deprecated: {
      v1beta1: {
        conditions: timed(oldConditions(facts), objects(deprecated.conditions), now),
        ...failure,
      },
    },
  };
}

/** Only what was reached is there, and it never goes back to false. */
function reached({ infrastructureReady, initialized }: Facts): JsonObject {
  return {
    ...(infrastructureReady ? { infrastructureProvisioned: true } : {}),
    ...(initialized ? { controlPlaneInitialized: true } : {}),
  };
}

function counts({ desired, ready }: { desired: number; ready: number }): JsonObject {
  return {
    desiredReplicas: desired,
    replicas: desired,
    readyReplicas: ready,
    availableReplicas: ready,
    upToDateReplicas: desired,
  };
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
