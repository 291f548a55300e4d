/** What each API generation can do. The platform chooses by the template. */
import type {
  Access,
  ClusterRequest,
  Listed,
  Missing,
  Observation,
  Target,
  Template,
} from '../../common/platform.ts';
import type { Api } from './api.ts';
import { AbsentError } from './session.ts';

export interface GenerationDriver {
  /** Its clusters; undefined when the host has no API of this generation. */
  clusters(signal: AbortSignal): Promise<Listed[] | undefined>;
  checkTemplate(template: Template, signal: AbortSignal): Promise<Missing[]>;
  stepsOf(template: Template): number;
  create(request: ClusterRequest, signal: AbortSignal): Promise<void>;
  observe(target: Target, signal: AbortSignal): Promise<Observation>;
  equip(target: Target, signal: AbortSignal): Promise<string | undefined>;
  remove(target: Target, id: string, signal: AbortSignal): Promise<void>;
  access(target: Target, signal: AbortSignal): Promise<Access>;
}

/** A list of clusters, undefined when the host has no API of this generation. */
export async function listOf(api: Api, path: string, signal: AbortSignal): Promise<unknown[] | undefined> {
  try {
    return await api.list(path, signal);
  } catch (error) {
    if (error instanceof AbsentError) return undefined;
    throw error;
  }
}
