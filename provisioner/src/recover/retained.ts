/**
 * What a relay retains of this site: the last status of each button, signed by the lab that is lost. A relay may keep an
 * old one, none, or lie: signatures say that it was said once, never that it was said last.
 */
import type { Beacon, Status } from '../../../protocol/src/messages.ts';
import { beaconEveryS } from '../../../protocol/src/messages.ts';
import { decode, encode, keyFromBytes } from '../../../protocol/src/node/envelope.ts';
import { beaconSchema, statusSchema } from '../../../protocol/src/node/schemas.ts';
import { beaconTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { sleep } from '../common/wait.ts';
import type { ProvisionerConfig } from '../settings/config.ts';
import { at, type RelayLogin } from '../uplink/addresses.ts';
import { defaultKeepAliveS } from '../uplink/connection.ts';
import { HopError } from '../uplink/hop-error.ts';
import { openConnection } from '../uplink/open-connection.ts';
import { Contradiction } from './contradiction.ts';

export interface Retained {
  /** By button: the newest that bears its signature. */
  statuses: ReadonlyMap<string, Status>;
  /** Buttons for which only something with another signature came. */
  unsigned: readonly string[];
  /** Buttons of whom the relay may not, or will not, tell. */
  refused: readonly string[];
}

export interface RetainedOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  /** What is retained comes with the subscription; after this long without a word no more is waited for (milliseconds). */
  quietMs: number;
  signal: AbortSignal;
}

/** A beacon that is younger is of a lab that runs (seconds). */
const freshBeaconS = 2 * beaconEveryS;

/** The later of two statuses of one button. */
export function newer(a: Status | undefined, b: Status): Status {
  if (a === undefined) return b;
  return b.press > a.press || (b.press === a.press && b.seq > a.seq) ? b : a;
}

/**
 * Logs in as the provisioner does, listens twice, and leaves saying offline, which is so.
 * @throws HopError when the relay cannot be reached or ends it; Contradiction when a provisioner of this site runs.
 */
export async function retainedAt(
  relay: RelayLogin,
  config: Pick<ProvisionerConfig, 'site' | 'siteKey' | 'buttons'>,
  options: RetainedOptions,
): Promise<Retained> {
  try {
    return await listen(relay, config, options);
  } catch (error) {
    if (!(error instanceof ThrownOut)) throw error;
    await sleep(options.quietMs, options.signal);
  }
  return listen(relay, config, options).catch(error => {
    // Once is a relay that restarts. Twice is somebody: leaving the relay out would not make him go away.
    throw error instanceof ThrownOut ? new Contradiction(error.message) : error;
  });
}

/** It had let us in, and ended it. */
class ThrownOut extends HopError {}

async function listen(
  relay: RelayLogin,
  config: Pick<ProvisionerConfig, 'site' | 'siteKey' | 'buttons'>,
  { now, quietMs, signal }: RetainedOptions,
): Promise<Retained> {
  const name = at(relay.host, relay.port);
  const ears = new Ears(config);
  const topic = beaconTopic(config.site);
  const offline = () =>
    encode(keyFromBytes(config.siteKey), topic, { state: 'offline', time: Math.floor(now() / 1000) });
  const will = () => ({ topic, payload: offline() });
  const connection = await openConnection(
    { relay, will, name, keepAliveS: relay.keepAliveS ?? defaultKeepAliveS },
    (heardTopic, payload) => ears.hear(heardTopic, payload),
    signal,
  );
  try {
    let ended: string | undefined;
    void connection.closed.then(reason => {
      ended = reason;
    });
    const topics = [topic, ...Object.keys(config.buttons).map(statusTopic)];
    let refused = new Set<string>();
    // Twice: a broker that was busy, or a follower of it, may have been late the first time.
    for (let look = 0; look < 2; look++) {
      refused = new Set(await connection.subscribe(topics));
      await ears.quiet(quietMs, () => ended !== undefined || signal.aborted);
      if (signal.aborted) throw new HopError('RELAY', `${name} has not said all in time`);
      if (ended !== undefined) throw new ThrownOut('RELAY', takenOver(name, ended));
    }
    if (refused.size === topics.length)
      throw new HopError('RELAY', `${name} does not let this login read what it retains`);
    const { beacon } = ears;
    if (beacon?.state === 'online' && Math.abs(now() / 1000 - beacon.time) < freshBeaconS)
      throw new Contradiction(`${name}: a provisioner of site ${config.site} is online: stop it first`);
    return {
      statuses: ears.statuses,
      unsigned: [...ears.unsigned].filter(button => !ears.statuses.has(button)),
      refused: Object.keys(config.buttons).filter(button => refused.has(statusTopic(button))),
    };
  } finally {
    await connection.goodbye(topic, offline());
  }
}

/** Whoever has the login comes back at once when another one takes it. */
function takenOver(name: string, reason: string): string {
  return `${name}: ${reason}. If a provisioner of this site runs elsewhere with the same login, stop it first`;
}

class Ears {
  readonly statuses = new Map<string, Status>();
  readonly unsigned = new Set<string>();
  beacon: Beacon | undefined;
  readonly #config: Pick<ProvisionerConfig, 'site' | 'siteKey' | 'buttons'>;
  readonly #buttons: ReadonlyMap<string, string>;
  #lastMs = performance.now();

  constructor(config: Pick<ProvisionerConfig, 'site' | 'siteKey' | 'buttons'>) {
    this.#config = config;
    this.#buttons = new Map(Object.keys(config.buttons).map(button => [statusTopic(button), button]));
  }

  hear(topic: string, payload: Buffer): void {
    this.#lastMs = performance.now();
    const { site, siteKey, buttons } = this.#config;
    if (topic === beaconTopic(site)) {
      const decoded = decode(keyFromBytes(siteKey), topic, payload, beaconSchema);
      if (decoded.ok) this.beacon = decoded.message;
      return;
    }
    const button = this.#buttons.get(topic) ?? '';
    const key = buttons[button]?.key;
    // An empty payload is how a broker says that nothing is retained any more.
    if (key === undefined || payload.length === 0) return;
    const decoded = decode(keyFromBytes(key), topic, payload, statusSchema);
    if (decoded.ok) this.statuses.set(button, newer(this.statuses.get(button), decoded.message));
    else this.unsigned.add(button);
  }

  /** Resolves when nothing has come for so long, or `ended`. */
  async quiet(quietMs: number, ended: () => boolean): Promise<void> {
    this.#lastMs = performance.now();
    while (!ended() && performance.now() - this.#lastMs < quietMs)
      await new Promise(resolve => setTimeout(resolve, Math.min(50, quietMs)));
  }
}
