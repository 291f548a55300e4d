/**
 * All Cluster objects of the namespace, kept by one list and one watch however many clusters are being built.
 *
 * A watch goes on where the last one ended. Where that proves nothing, everything is listed again: the server was away,
 * forgot the moment, or has said neither event nor bookmark to the watch, as one does whose data is older than the
 * moment (etcd restored from a copy). And every few minutes. What the store says is as old as the last moment at which a watch was open: {@link ClusterWatcher.trouble} tells when that is
 * too long ago to be believed.
 */
import { type Logger, silentLog } from '../../../../config/src/log.ts';
import { orGivenUp } from '../../common/given-up.ts';
import { PlatformError } from '../../common/platform.ts';
import { Backoff, sleep } from '../../common/wait.ts';
import { Gone, Refused } from '../../kubernetes/errors.ts';
import type { Kube } from '../../kubernetes/kube.ts';
import type { KubeObject, WatchEvent } from '../../kubernetes/objects.ts';
import { Store } from './store.ts';

/**
 * The server is asked to end each watch after this, in seconds. A connection of which the other end has vanished says
 * nothing and lives: so it is noticed, this plus some seconds of grace later. The price is two cheap requests a minute.
 * Servers send a bookmark shortly before the end, so that the next watch begins at a fresh moment.
 */
const watchSeconds = 30;

/** A store that was not followed for this long is not believed any more (milliseconds). */
const maxAgeMs = 15_000;

/** Pauses after a failure. Short at most, so that a server which was restarted is seen soon (milliseconds). */
const firstPauseMs = 250;
const maxPauseMs = 5_000;

/** A watch that lived this long was no failure, however it ended (milliseconds). */
const steadyMs = 500;

/**
 * Everything is listed again this long after the last time, whatever the watch says (milliseconds): a replica that is
 * behind, or something in between, can keep a watch open and say nothing.
 */
const relistMs = 180_000;

/** A watch that the server ends is over this long after its time at the latest (milliseconds). */
const lateMs = 2_000;

/** Failed watches in a row that brought nothing before everything is listed again: the moment may be what is wrong. */
const maxResumes = 5;

export interface WatcherOptions {
  log?: Logger;
  /** 0 to below 1, for the pauses. */
  random?: () => number;
  now?: () => number;
  /** Default {@link maxAgeMs}. */
  maxAgeMs?: number;
  /** Default {@link maxPauseMs}. */
  maxPauseMs?: number;
  /** Default {@link watchSeconds}. */
  watchSeconds?: number;
  /** Default {@link relistMs}. */
  relistMs?: number;
  /** Where the objects are; default: the Clusters of the namespace in the version that discovery says. */
  path?: (signal: AbortSignal) => Promise<string>;
}

/** Somebody waits for the next list to end, or the next watch to open. */
interface Attempt {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export class ClusterWatcher {
  readonly #kube: Kube;
  readonly #path: (signal: AbortSignal) => Promise<string>;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #maxAgeMs: number;
  readonly #watchSeconds: number;
  readonly #relistMs: number;
  readonly #backoff: Backoff;
  readonly #store = new Store();
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #attempt = newAttempt();
  #opening = newAttempt();
  /** From where the next watch goes on; undefined: list first. */
  #from: string | undefined;
  #isSynced = false;
  #isOpen = false;
  /** The watch under way has brought an event or a bookmark. */
  #isTold = false;
  #listedAtMs = 0;
  /** When the last line came, or the watch was opened. */
  #heardAtMs = 0;
  /** When the server should end the watch. */
  #endsAtMs = 0;
  #lastPath = '';
  /** When the store was last known to be up to date. */
  #freshAtMs = 0;
  /** Watches in a row that brought nothing and failed. */
  #resumes = 0;
  #trouble: PlatformError | undefined;

  constructor(kube: Kube, namespace: string, options: WatcherOptions = {}) {
    this.#kube = kube;
    this.#log = options.log ?? silentLog;
    this.#now = options.now ?? (() => performance.now());
    this.#maxAgeMs = options.maxAgeMs ?? maxAgeMs;
    this.#watchSeconds = options.watchSeconds ?? watchSeconds;
    this.#relistMs = options.relistMs ?? relistMs;
    const random = options.random ?? Math.random;
    const maxMs = options.maxPauseMs ?? maxPauseMs;
    this.#backoff = new Backoff({ firstMs: firstPauseMs, maxMs, random });
    this.#path =
      options.path ??
      (async signal => {
        const version = await kube.version(signal);
        return kube.kindPath(`cluster.x-k8s.io/${version}`, 'Cluster', namespace, undefined, signal);
      });
  }

  /**
   * Starts on first use and waits for the first list; at once when there was one, however old: see {@link trouble}.
   * @throws PlatformError with what is wrong when the try under way fails; later ones are made all the same.
   */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#stop.signal.aborted) throw closed();
    this.#loop ??= this.#run();
    if (!this.#isSynced) await orGivenUp(this.#attempt.promise, signal);
  }

  /**
   * Starts like {@link ready} and waits until a watch is open: rights to list are not yet rights to watch.
   * @throws PlatformError with what is wrong when the try under way fails.
   */
  async followed(signal: AbortSignal): Promise<void> {
    await this.ready(signal);
    if (!this.#isOpen) await orGivenUp(this.#opening.promise, signal);
  }

  /** As the server has it, or as we have just written it: see {@link note}. */
  get(name: string): KubeObject | undefined {
    return this.#store.get(name);
  }

  all(): KubeObject[] {
    return this.#store.all();
  }

  /** What the server answered to our own write counts until the watch has come as far. */
  note(object: KubeObject): void {
    this.#store.note(object);
  }

  /** What {@link all} says is there, and all that is there. */
  get isBelieved(): boolean {
    return this.#isSynced && this.trouble() === undefined;
  }

  /**
   * Why the store is not to be believed now, or undefined while it is. It is as refusing (not transient) as what the
   * server said last.
   */
  trouble(): PlatformError | undefined {
    if (this.#isOpen) return undefined;
    const ageMs = this.#now() - this.#freshAtMs;
    if (this.#isSynced && ageMs <= this.#maxAgeMs) return undefined;
    const why = this.#trouble?.message ?? 'no answer yet';
    const age = this.#isSynced ? `, for ${Math.round(ageMs / 1000)} s` : '';
    const message = `the management cluster is not followed${age}: ${why}`;
    return new PlatformError(message, { transient: this.#trouble?.transient ?? true, cause: this.#trouble });
  }

  /** Ends the watch. {@link ready} rejects from now on. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#attempt.reject(closed());
    this.#opening.reject(closed());
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const startedMs = this.#now();
      try {
        await this.#follow(signal);
        if (this.#isOpen) this.#freshAtMs = this.#now();
        if (!this.#isTold) this.#from = undefined;
      } catch (error) {
        if (!signal.aborted) this.#failed(error);
      }
      const isSteady = this.#isOpen && this.#now() - startedMs >= steadyMs;
      this.#isOpen = false;
      if (isSteady) this.#backoff.reset();
      if (!isSteady || this.#trouble !== undefined) await sleep(this.#backoff.next(), signal);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const path = await this.#path(signal);
    // Another version of the API after an upgrade: the same objects look different in it.
    if (path !== this.#lastPath || this.#now() - this.#listedAtMs >= this.#relistMs) this.#from = undefined;
    this.#lastPath = path;
    this.#from ??= await this.#list(path, signal);
    await this.#watch(path, this.#from, signal);
  }

  async #list(path: string, signal: AbortSignal): Promise<string> {
    const begun = this.#store.begin();
    const startedMs = this.#now();
    const { items, resourceVersion } = await this.#kube.list(path, signal);
    this.#store.replace(items, resourceVersion, begun);
    this.#freshAtMs = startedMs;
    this.#listedAtMs = startedMs;
    this.#resumes = 0;
    this.#isSynced = true;
    this.#attempt.resolve();
    return resourceVersion;
  }

  async #watch(path: string, resourceVersion: string, signal: AbortSignal): Promise<void> {
    const onOpen = () => {
      this.#isOpen = true;
      this.#heardAtMs = this.#now();
      if (this.#trouble !== undefined) this.#log.info('the management cluster is followed again');
      this.#trouble = undefined;
      this.#opening.resolve();
      this.#opening = newAttempt();
    };
    const onEvent = (event: WatchEvent) => {
      this.#from = this.#store.take(event);
      this.#isTold = true;
      this.#heardAtMs = this.#now();
      // It goes on from here, whatever comes.
      this.#resumes = 0;
      this.#backoff.reset();
    };
    this.#isTold = false;
    this.#endsAtMs = this.#now() + this.#watchSeconds * 1000;
    const query = { resourceVersion, timeoutSeconds: this.#watchSeconds, onOpen };
    await this.#kube.watch(path, query, onEvent, signal);
  }

  #failed(error: unknown): void {
    const trouble =
      error instanceof PlatformError
        ? error
        : new PlatformError('the watch failed', { transient: true, cause: error });
    // Not ended by the server when it should have been: then nobody was there any more, who knows since when.
    const wasHalfOpen = this.#isOpen && this.#now() > this.#endsAtMs + lateMs;
    if (this.#isOpen) this.#freshAtMs = wasHalfOpen ? this.#heardAtMs : this.#now();
    if (this.#isOpen) this.#resumes++;
    // A server that was away may have come back with older data.
    const isDoubtful = !this.#isOpen || wasHalfOpen || this.#resumes >= maxResumes;
    const mustList = isDoubtful || mustListAfter(trouble);
    if (mustList) this.#from = undefined;
    if (trouble instanceof Refused && trouble.status === 404) this.#kube.forget();
    if (trouble.message !== this.#trouble?.message) {
      this.#log.warn({ reason: trouble.message, listAgain: mustList }, 'the watch ended');
    }
    // A forgotten moment is no trouble: the list that follows says whether there is one.
    if (!(trouble instanceof Gone)) {
      this.#trouble = trouble;
      this.#opening.reject(trouble);
      this.#opening = newAttempt();
    }
    if (this.#isSynced) return;
    this.#attempt.reject(trouble);
    this.#attempt = newAttempt();
  }
}

/** Anything the server has against the watch itself, in one of its lines. A broken line has nothing against it. */
function mustListAfter(trouble: PlatformError): boolean {
  return trouble instanceof Gone || (trouble instanceof Refused && !trouble.transient);
}

function newAttempt(): Attempt {
  let [resolve, reject] = [() => {}, (_error: unknown) => {}];
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  promise.catch(() => {}); // nobody may be waiting
  return { promise, resolve, reject };
}

function closed(): PlatformError {
  return new PlatformError('the platform was closed', { transient: true });
}
