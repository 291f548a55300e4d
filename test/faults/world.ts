/** One lab under test: a platform in this process, a provisioner in another, buttons, and other people's clusters. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { isBuilding } from '../../provisioner/src/journal/records.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import type { ProvisionerConfig } from '../../provisioner/src/settings/config.ts';
import { type CcpSimulator, type ClusterSnapshot, startCcpSimulator } from '../../simulator/ccp/simulator.ts';
import { FaultButton, pause } from './button.ts';
import { Child } from './child.ts';
import type { KillAt } from './moments.ts';
import type { Order } from './plan.ts';
import { RangeWatch } from './range-watch.ts';
import { configOf, type Site, templates } from './site.ts';

/** How long a provisioner may take to be online on a busy machine, and to answer us (milliseconds). */
const onlineLimitMs = 60_000;
const answerLimitMs = 20_000;

/** A ready cluster whose end is nearer than this is waited for (milliseconds). */
const expiresSoonMs = 60_000;

const settleLookMs = 250;

/** A cluster of other people's, made before anything else. */
export interface Foreign {
  name: string;
  order: Order;
  range: string;
}

export interface WorldOptions {
  site: Site;
  relayPort: number;
  speed: number;
  /** Where the platform's addresses come from: a block of 127.0.0.0/8 that nobody else uses now. */
  addressPool: string;
  foreign?: readonly Foreign[];
}

export class World {
  readonly site: Site;
  readonly relayPort: number;
  readonly ccp: CcpSimulator;
  readonly config: ProvisionerConfig;
  readonly folder: string;
  readonly buttons: readonly FaultButton[];
  readonly ranges: RangeWatch;
  /** Clusters of other people, as they were when they were made. */
  readonly foreign: ClusterSnapshot[];
  /** What buttons were told that was not true at that moment. */
  readonly untrue: { button: string; what: string }[] = [];
  #provisioner: Child | undefined;

  private constructor(options: WorldOptions, ccp: CcpSimulator, foreign: ClusterSnapshot[]) {
    this.site = options.site;
    this.relayPort = options.relayPort;
    this.ccp = ccp;
    this.foreign = foreign;
    this.folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
    this.config = configOf(options.site, ccp, options.relayPort, this.folder);
    this.ranges = new RangeWatch(ccp);
    this.buttons = options.site.buttons.map(
      ({ name }) =>
        new FaultButton(options.site, name, options.relayPort, status => {
          if (status.state === 'ready') this.#compare(name, status.cluster, status.address);
        }),
    );
  }

  static async open(options: WorldOptions): Promise<World> {
    const { speed, addressPool, foreign = [] } = options;
    const ccp = await startCcpSimulator({ speed, addressPool });
    await makeForeign(ccp, foreign);
    return new World(options, ccp, ccp.clusters());
  }

  button(name: string): FaultButton {
    const found = this.buttons.find(button => button.name === name);
    if (found === undefined) throw new Error(`no button ${name}`);
    return found;
  }

  /**
   * Another team takes a name that was ours, if the platform has nothing of it any more. Resolves when its cluster
   * is ready.
   */
  async squat(foreign: Foreign): Promise<void> {
    const isOfName = ({ name }: ClusterSnapshot) => name === foreign.name;
    if (this.ccp.clusters().some(isOfName)) return;
    await makeForeign(this.ccp, [foreign]);
    this.foreign.push(...this.ccp.clusters().filter(isOfName));
  }

  /** Starts the one provisioner; whoever ran before must have ended. */
  startProvisioner(killAt?: KillAt): Child {
    const config = JSON.parse(
      JSON.stringify(this.config, (_, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value,
      ),
    );
    this.#provisioner = new Child(
      'provisioner-child',
      killAt === undefined ? { config } : { config, killAt },
    );
    return this.#provisioner;
  }

  async killProvisioner(): Promise<void> {
    await this.#provisioner?.kill();
  }

  /**
   * With everything switched on and nothing going wrong any more: waits until all presses have an end. Returns what
   * has none after `limitMs`, in words.
   */
  async settle(limitMs: number): Promise<string[]> {
    this.ccp.clearFailures();
    const endMs = performance.now() + limitMs;
    let open: string[] = [];
    do {
      open = await this.#unsettled();
      if (open.length > 0) await pause(settleLookMs);
    } while (open.length > 0 && performance.now() < endMs);
    return open;
  }

  async close(): Promise<void> {
    this.ranges.stop();
    await this.killProvisioner();
    await Promise.all([...this.buttons.map(button => button.close()), this.ccp.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #unsettled(): Promise<string[]> {
    const provisioner = this.#provisioner;
    if ((await provisioner?.line('online', onlineLimitMs)) === undefined && provisioner?.running !== true) {
      return ['the provisioner has ended by itself'];
    }
    const answer = await provisioner?.ask('presses', 'presses ', answerLimitMs);
    provisioner?.lines.push('online');
    if (answer === undefined) return ['the provisioner does not answer'];
    const presses = JSON.parse(answer.slice('presses '.length)) as PressRecord[];
    return [
      ...presses.flatMap(press => whyOpen(press) ?? []),
      ...this.buttons.flatMap(({ name, answered, quiet }) =>
        answered && quiet ? [] : [`${name} waits for an answer`],
      ),
    ];
  }

  /** What is told as ready is what the platform has, unless it has been given back since. */
  #compare(button: string, name: string, address: string | undefined): void {
    const cluster = this.ccp.clusters().find(each => each.name === name);
    if (cluster === undefined || (cluster.state === 'ready' && cluster.address === address)) return;
    if (cluster.state === 'deleting') return;
    const what = `${name} told as ready at ${address}, is ${cluster.state} at ${cluster.address}`;
    this.untrue.push({ button, what });
  }
}

/** Undefined when this press has its end, and nothing more is going to happen. */
function whyOpen(press: PressRecord): string | undefined {
  const { button, step, cleanUp, expiresAt } = press;
  const open =
    isBuilding(step) ||
    step === 'releasing' ||
    (step === 'failed' && cleanUp !== undefined && cleanUp.endedAt === undefined) ||
    (step === 'ready' && expiresAt !== undefined && expiresAt < Date.now() + expiresSoonMs);
  return open ? `${button}/${press.press} is ${step}` : undefined;
}

async function makeForeign(ccp: CcpSimulator, foreign: readonly Foreign[]): Promise<void> {
  const { url, user: username, password, caPem } = ccp;
  const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca: caPem } });
  const never = new AbortController().signal;
  await Promise.all(
    foreign.map(({ name, order, range }) =>
      platform.create(
        { name, range, description: 'of another team', template: templates[order](), addOns: [] },
        never,
      ),
    ),
  );
  // The create of v3 does not wait; a build takes seconds here.
  for (let looks = 0; looks < 400 && ccp.clusters().some(({ state }) => state !== 'ready'); looks++)
    await pause(50);
  await platform.close();
}
