/** Which kinds and versions the management cluster serves. */
import { orGivenUp } from '../common/given-up.ts';
import { PlatformError } from '../common/platform.ts';
import { type ApiVersion, clusterGroup } from './objects.ts';
import { recordOf } from './watch-stream.ts';

/** GET of a discovery path; undefined for 404. */
export type Discover = (path: string, signal: AbortSignal) => Promise<unknown>;

/** The cluster has no such kind, or not in this version. */
export class NotServed extends PlatformError {
  constructor(message: string) {
    super(message, { transient: false, code: 'kind' });
  }
}

/** Versions of Cluster API that are spoken, the newest first. */
const spoken: readonly ApiVersion[] = ['v1beta2', 'v1beta1'];

interface Resource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/** Asks when first needed and keeps the answers until {@link forget}; what is missing is asked for each time. */
export class Discovery {
  readonly #get: Discover;
  #version: ApiVersion | undefined;
  readonly #kinds = new Map<string, readonly Resource[]>();

  constructor(get: Discover) {
    this.#get = shared(get);
  }

  /** A kind was not there (404): it may have come, or its version may have gone. */
  forget(): void {
    this.#version = undefined;
    this.#kinds.clear();
  }

  /**
   * The server's preferred version of Cluster API, or the newest that both speak.
   * @throws NotServed when Cluster API is not installed or too old.
   */
  async version(signal: AbortSignal): Promise<ApiVersion> {
    if (this.#version !== undefined) return this.#version;
    const group = recordOf(await this.#get(`/apis/${clusterGroup}`, signal));
    if (group === undefined) {
      const message = `the management cluster has no ${clusterGroup}: install Cluster API (clusterctl init)`;
      throw new NotServed(message);
    }
    const served = versionsOf(group);
    const preferred = recordOf(group.preferredVersion)?.version;
    const version = spoken.find(one => one === preferred) ?? spoken.find(one => served.includes(one));
    if (version === undefined) {
      const message = `the management cluster serves ${clusterGroup} ${served.join(', ')}; spoken are ${spoken.join(', ')}`;
      throw new NotServed(message);
    }
    this.#version = version;
    return version;
  }

  /**
   * The path of an object, or of the list when no name is given.
   * @param apiVersion such as `v1` or `cluster.x-k8s.io/v1beta1`
   * @throws NotServed, not transient, that names the kind which is not served, and what is.
   */
  async path(
    apiVersion: string,
    kind: string,
    namespace: string,
    name: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const kinds = this.#kinds.get(apiVersion) ?? resourcesOf(await this.#get(base, signal));
    const resource = kinds?.find(one => one.kind === kind);
    if (resource === undefined) throw await this.#missing(apiVersion, kind, kinds !== undefined, signal);
    this.#kinds.set(apiVersion, kinds ?? []);
    return [
      base,
      ...(resource.namespaced ? ['namespaces', encodeURIComponent(namespace)] : []),
      resource.name,
      ...(name === undefined ? [] : [encodeURIComponent(name)]),
    ].join('/');
  }

  async #missing(apiVersion: string, kind: string, served: boolean, signal: AbortSignal) {
    // It may be defined a moment later.
    this.#kinds.delete(apiVersion);
    const [group = ''] = apiVersion.split('/', 1);
    const asked = `the management cluster does not serve ${kind} of ${apiVersion}`;
    const say = (why: string) => new NotServed(`${asked}: ${why}`);
    if (served || !apiVersion.includes('/')) return say('install its custom resource definition');
    const found = recordOf(await this.#get(`/apis/${group}`, signal));
    if (found === undefined) return say(`nothing of ${group} is installed there`);
    return say(`there is ${versionsOf(found).join(', ')}`);
  }
}

/**
 * Who asks for what is being asked already waits for that answer: three hundred orders at once ask once. The call is
 * not given up with the one who came first: it has a time limit of its own, and ends when the connection is closed.
 */
function shared(get: Discover): Discover {
  const asking = new Map<string, Promise<unknown>>();
  return async (path, signal) => {
    let answer = asking.get(path);
    if (answer === undefined) {
      answer = get(path, new AbortController().signal).finally(() => asking.delete(path));
      answer.catch(() => {}); // nobody may be waiting any more
      asking.set(path, answer);
    }
    return orGivenUp(answer, signal);
  };
}

function versionsOf(group: Record<string, unknown>): string[] {
  const versions = Array.isArray(group.versions) ? group.versions : [];
  return versions.map(one => recordOf(one)?.version).filter(one => typeof one === 'string');
}

function resourcesOf(answer: unknown): Resource[] | undefined {
  const list = recordOf(answer)?.resources;
  if (!Array.isArray(list)) return undefined;
  return list.flatMap(one => {
    const resource = recordOf(one);
    const { name, kind, namespaced } = resource ?? {};
    // A path inside another resource (`clusters/status`) is nothing that can be made.
    if (typeof name !== 'string' || typeof kind !== 'string' || name.includes('/')) return [];
    return [{ name, kind, namespaced: namespaced === true }];
  });
}
