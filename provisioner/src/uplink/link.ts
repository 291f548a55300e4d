/** The link to one relay: dial, connect, say who is there, and again with back-off whenever it is lost. */
import { messageOf } from '../../../config/src/setup-error.ts';
import { shownButton } from '../../../protocol/src/node/names-in-topics.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { Backoff, sleep } from '../common/wait.ts';
import { proxyName } from './addresses.ts';
import { Aside } from './aside.ts';
import { type Connection, defaultKeepAliveS, type LastWill } from './connection.ts';
import { type Fault, HopError } from './hop-error.ts';
import {
  askAgainS,
  askLaterS,
  type LinkCounters,
  type LinkOptions,
  onlineAgainMs,
  saidAtOnce,
} from './link-options.ts';
import { openConnection } from './open-connection.ts';
import { type Learned, QuietLimit } from './quiet-limit.ts';
import { ReadBack } from './read-back.ts';

/**
 * First and longest wait between two attempts, in milliseconds: a restarted relay is found again quickly, a dead
 * one is not hammered.
 */
const firstRetryMs = 250;
const maxRetryMs = 30_000;

/** A connection that lived this long counts as good: the next back-off starts from the beginning (milliseconds). */
const stableAfterMs = 10_000;

export class Link {
  readonly name: string;
  readonly counters: LinkCounters = { connects: 0, failures: 0, saidAgain: 0, deaf: 0 };
  /** Why we are not connected, as the last attempt said; undefined while connected. */
  lastError: string | undefined;
  /** Of {@link lastError}, where it was told. */
  lastFault: Fault | undefined;
  readonly #options: LinkOptions;
  readonly #beacon: string;
  readonly #quiet: QuietLimit;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #connection: Connection | undefined;
  #readBack: ReadBack | undefined;
  /** Status topics of buttons that this relay does not know: it might close the connection for a word there. */
  readonly #mute = new Set<string>();
  #buttons: readonly string[];
  /** Those whose topics the connection has been asked for. */
  #listened: ReadonlySet<string> = new Set();
  #waiting: (() => void)[] = [];
  readonly #aside: Aside;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#buttons = options.buttons;
    this.name = options.name;
    this.#beacon = beaconTopic(options.site);
    this.#quiet = new QuietLimit(options.relay.keepAliveS ?? defaultKeepAliveS);
    this.#aside = new Aside({
      ...options,
      relay: this.name,
      beacon: this.#beacon,
      open: () => this.#open(),
    });
    this.#ended = this.#run();
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** After what quiet time connections are cut on the way, once that is known. */
  get learned(): Learned | undefined {
    return this.#quiet.learned;
  }

  /** True when connected (and subscribed) within `limitMs`. */
  async whenUp(limitMs: number): Promise<boolean> {
    if (this.connected) return true;
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(false), limitMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** Publishes when connected; otherwise does nothing, because it is said with the next connection. */
  publish(topic: string, payload: Buffer, retain: boolean): void {
    if (this.#connection === undefined || this.#mute.has(topic)) return;
    void this.#publish(this.#connection, topic, payload, retain);
  }

  #publish(connection: Connection, topic: string, payload: Buffer, retain: boolean): Promise<void> {
    this.#readBack?.said(topic, payload, retain);
    return connection.publish(topic, payload, retain);
  }

  /** From now on these buttons are served: new ones are listened to at once, on the connection that there is. */
  setButtons(buttons: readonly string[]): void {
    this.#buttons = buttons;
    this.#listenToNew();
  }

  #listenToNew(): void {
    const connection = this.#connection;
    const added = this.#buttons.filter(button => !this.#listened.has(button));
    if (connection === undefined || added.length === 0) return;
    this.#listened = new Set([...this.#listened, ...added]);
    const over = new AbortController();
    void connection.closed.then(() => over.abort());
    this.#listenTo(connection, added, over.signal).catch(error => connection.drop(messageOf(error)));
  }

  async #listenTo(connection: Connection, added: readonly string[], over: AbortSignal): Promise<void> {
    const refused = await this.#subscribe(connection, added);
    for (const button of refused) this.#mute.add(statusTopic(button));
    const topics = added.map(statusTopic);
    void this.#say(topics);
    this.#readBackOwn(connection, topics, over);
    await this.#askAgain(connection, refused, over);
  }

  /** Says these last words, disconnects and stops trying. Ends within a few seconds whatever the relay does. */
  async stop(lastWords: LastWill): Promise<void> {
    const connection = this.#connection;
    this.#stop.abort();
    this.#readBack?.stop();
    await connection?.goodbye(lastWords.topic, lastWords.payload);
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { random } = this.#options;
    const backoff = new Backoff({ firstMs: firstRetryMs, maxMs: maxRetryMs, random });
    // Ends with stop(), nothing else: a lab that is cut off for a weekend comes back by itself.
    while (!this.#stop.signal.aborted) {
      await this.#aside.untilOver(this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const livedMs = await this.#connectOnce();
      if (livedMs >= stableAfterMs) backoff.reset();
      await sleep(backoff.next(), this.#stop.signal);
    }
  }

  /** One connection from dial to its end. Returns how long it lived, in milliseconds; never throws. */
  async #connectOnce(): Promise<number> {
    const { log, rivals } = this.#options;
    const over = new AbortController();
    const said = { relay: this.name, way: this.#way() };
    try {
      const connection = await this.#open();
      void connection.closed.then(() => over.abort());
      const refused = await this.#listen(connection, over.signal);
      if (rivals.aside) {
        await this.#leave(connection);
        return 0;
      }
      const upAt = performance.now();
      this.#announce(connection, refused, over.signal);
      log.info({ ...said, instance: rivals.instance }, 'connected to the relay');
      const reason = await connection.closed;
      this.lastError = `RELAY ${this.name}: ${rivals.words ?? reason}`;
      this.lastFault = undefined;
      if (!this.#stop.signal.aborted && !rivals.aside) this.#tellLoss(connection, reason, said);
      return performance.now() - upAt;
    } catch (error) {
      if (this.#stop.signal.aborted) return 0;
      this.counters.failures++;
      this.lastError = messageOf(error);
      this.lastFault = error instanceof HopError ? error.fault : undefined;
      const hop = error instanceof HopError ? error.hop : 'RELAY';
      log.warn({ hop, reason: this.lastError, ...said }, 'no way to the relay');
      return 0;
    } finally {
      over.abort();
      this.#connection = undefined;
      this.#readBack?.stop();
      this.#readBack = undefined;
    }
  }

  /** Another provisioner has the login now, or it is this one's again. */
  rivalsChanged(): void {
    if (!this.#options.rivals.aside) this.#aside.wake();
    else if (this.#connection !== undefined) void this.#leave(this.#connection);
  }

  async #leave(connection: Connection): Promise<void> {
    const { words } = this.#options.rivals;
    this.lastError = `RELAY ${this.name}: ${words}`;
    this.lastFault = undefined;
    this.#readBack?.stop();
    await this.#aside.leave(connection);
  }

  /** Dials and connects. Stopping ends it at once, wherever it is. */
  #open(): Promise<Connection> {
    return openConnection(
      { ...this.#options, keepAliveS: this.#quiet.keepAliveS },
      (topic, payload) => this.#take(topic, payload),
      this.#stop.signal,
    );
  }

  /** A cut that a quiet time explains is told with it, and learned from. */
  #tellLoss({ cutAfterMs }: Connection, reason: string, said: { relay: string; way: string }): void {
    const { log } = this.#options;
    const quiet = cutAfterMs === undefined ? {} : { quietS: Math.round(cutAfterMs / 100) / 10 };
    log.warn({ hop: 'RELAY', reason, ...quiet, ...said }, 'lost the relay');
    const learned = cutAfterMs === undefined ? undefined : this.#quiet.cut(cutAfterMs);
    if (learned === undefined) return;
    log.warn(
      { ...learned, ...said },
      `connections that are quiet for ${learned.cutAfterS} s are cut on the way: from now on something is said every ${learned.keepAliveS} s`,
    );
  }

  /**
   * Subscribes, before the beacon says online: a press that it invites must find us listening. A relay that refuses
   * everything is asked again before that. @returns whose topics it refused.
   */
  async #listen(connection: Connection, over: AbortSignal): Promise<string[]> {
    const buttons = this.#buttons;
    this.#listened = new Set(buttons);
    const stop = () => connection.drop();
    this.#stop.signal.addEventListener('abort', stop, { once: true });
    try {
      // What stands there before our own beacon does: of the one whose connection this has become.
      connection.subscribe([this.#beacon], 0).catch(() => {});
      let refused = await this.#subscribe(connection, buttons);
      for (const waitS of askAgainS) {
        if (refused.length < buttons.length || refused.length === 0) break;
        this.lastError = `RELAY ${this.name} refuses all subscriptions: asked again`;
        this.lastFault = undefined;
        await sleep(waitS * 1000, over);
        if (over.aborted) throw new HopError('RELAY', `${this.name}: ${await connection.closed}`);
        refused = await this.#subscribe(connection, buttons);
      }
      return refused;
    } catch (error) {
      connection.drop();
      throw error;
    } finally {
      // Once it is up, stop() says goodbye first.
      this.#stop.signal.removeEventListener('abort', stop);
    }
  }

  /** @returns the buttons whose press topics the relay refused. */
  async #subscribe(connection: Connection, buttons: readonly string[]): Promise<string[]> {
    const refused = new Set(await connection.subscribe(buttons.map(pressTopic)));
    return refused.size === 0 ? [] : buttons.filter(button => refused.has(pressTopic(button)));
  }

  #announce(connection: Connection, refused: readonly string[], over: AbortSignal): void {
    const buttons = [...this.#listened];
    this.#connection = connection;
    this.counters.connects++;
    this.lastError = undefined;
    this.lastFault = undefined;
    this.#readBack = this.#makeReadBack(connection);
    this.#mute.clear();
    for (const button of refused) this.#mute.add(statusTopic(button));
    // In the order in which a button needs them.
    this.#options.sayBeacon();
    void this.#say(buttons.map(statusTopic));
    const giveUp = (error: unknown) => connection.drop(messageOf(error));
    this.#readBackOwn(connection, [this.#beacon, ...buttons.map(statusTopic)], over);
    this.#askAgain(connection, refused, over).catch(giveUp);
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.#listenToNew();
  }

  /**
   * Says the newest of each, some at a time: a relay that holds back a client which is too fast does so by its
   * acknowledgements, and thousands of statuses at once would have it disconnect us.
   */
  async #say(topics: readonly string[]): Promise<void> {
    const connection = this.#connection;
    const left = topics.values();
    const work = async () => {
      for (const topic of left) {
        const payload = this.#options.newest(topic);
        if (connection === undefined || connection !== this.#connection) return;
        if (payload === undefined || this.#mute.has(topic)) continue;
        await this.#publish(connection, topic, payload, true);
      }
    };
    await Promise.all(Array.from({ length: saidAtOnce }, work));
  }

  /** Asks for what was refused until it is granted. */
  async #askAgain(connection: Connection, refused: readonly string[], over: AbortSignal): Promise<void> {
    let left = refused;
    // Where all were refused, they have been asked for so often already.
    for (let i = left.length === this.#listened.size ? askAgainS.length : 0; left.length > 0; i++) {
      if (i === askAgainS.length) this.#complain(left);
      await sleep((askAgainS[i] ?? askLaterS) * 1000, over);
      if (over.aborted) return;
      const still = new Set(await this.#subscribe(connection, left));
      const granted = left.filter(button => !still.has(button)).map(statusTopic);
      left = [...still];
      for (const topic of granted) this.#mute.delete(topic);
      void this.#say(granted);
      this.#readBackOwn(connection, granted, over);
    }
  }

  #complain(buttons: readonly string[]): void {
    this.#options.log.error(
      { relay: this.name, buttons },
      'the relay does not know these buttons: add them to its users file',
    );
  }

  #readBackOwn(connection: Connection, topics: readonly string[], over: AbortSignal): void {
    this.#readOwn(connection, topics, over).catch(error => connection.drop(messageOf(error)));
  }

  /** Reads back what the relay retains of ours, where it lets us: also one that refuses in passing. */
  async #readOwn(connection: Connection, topics: readonly string[], over: AbortSignal): Promise<void> {
    const readBack = this.#readBack;
    let left = topics.filter(topic => !this.#mute.has(topic));
    for (const waitS of [...askAgainS, undefined]) {
      readBack?.follow(left);
      left = await connection.subscribe(left, 0);
      readBack?.unfollow(left);
      if (left.length === 0) return;
      if (waitS === askAgainS[0] && left.includes(this.#beacon)) this.#sayOnlineAgain(connection);
      await sleep((waitS ?? 0) * 1000, over);
      if (over.aborted) return;
    }
    this.#options.log.warn(
      { relay: this.name, topics: left.length },
      'the relay does not let us read our own statuses and beacon: what it retains is not checked',
    );
  }

  #sayOnlineAgain(connection: Connection): void {
    for (const afterMs of onlineAgainMs) {
      setTimeout(() => {
        if (this.#connection === connection) this.#options.sayBeacon();
      }, afterMs).unref();
    }
  }

  #makeReadBack(connection: Connection): ReadBack {
    const { newest, log } = this.#options;
    return new ReadBack({
      newest,
      beacon: this.#beacon,
      sayAgain: topic => {
        this.counters.saidAgain++;
        log.warn({ relay: this.name, topic }, 'the relay handed out an old message of ours: said again');
        void this.#say([topic]);
      },
      onDeaf: () => {
        this.counters.deaf++;
        connection.drop('it does not hand out our own beacon');
      },
    });
  }

  #take(topic: string, payload: Buffer): void {
    if (topic === this.#beacon) {
      const { rivals, readBeacon } = this.#options;
      const beacon = readBeacon(payload);
      this.#aside.heard(payload);
      if (beacon !== undefined) rivals.heard(this.name, beacon);
    }
    if (topic === this.#beacon || shownButton(topic) !== undefined) this.#readBack?.heard(topic, payload);
    else this.#options.onPress(topic, payload);
  }

  /** For the log: directly, or through which proxy, and who named it. */
  #way(): string {
    const { proxy } = this.#options.relay;
    return proxy === undefined ? 'direct' : `${proxy.type} proxy ${proxyName(proxy)}`;
  }
}
