/**
 * The whole way of a press on one machine: relay, container platform (simulated), provisioner and boards
 * (simulated), on free loopback ports, each reading the files that it would read anywhere else.
 */
import type { Logger } from '../../config/src/log.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { buildFirmware } from '../../firmware/build.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Provisioner } from '../../provisioner/src/service.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { type Relay, type RelayOptions, startRelay } from '../../relay/src/relay.ts';
import { Board } from '../../simulator/board/board.ts';
import type { BoardOptions } from '../../simulator/board/options.ts';
import { wiringOf } from '../../simulator/board/wiring.ts';
import {
  type CcpSimulator,
  type CcpSimulatorOptions,
  startCcpSimulator,
} from '../../simulator/ccp/simulator.ts';
import {
  type ClusterApiSimulator,
  type ClusterApiSimulatorOptions,
  startClusterApiSimulator,
} from '../../simulator/cluster-api/simulator.ts';
import type { Cloud } from './clouds.ts';
import {
  type ButtonPlan,
  hotspot,
  makeSite,
  type Site,
  writeDeviceFiles,
  writeProvisionerFile,
} from './site.ts';

const loopback = '127.0.0.1';

/** What a build takes on the simulated platform at speed 1, in seconds (the average that the 2019 original assumed). */
const nominalBuildS = 160;

export interface WorldOptions {
  /** Folder for keys, settings, journal and the boards' flash. */
  dir: string;
  buttons: ButtonPlan[];
  /** How many times faster than real the simulated platform builds. */
  speed: number;
  log: Logger;
  platform?: Partial<CcpSimulatorOptions>;
  /** Where the profile `cloud` orders. Default `eks`, on the platform. */
  cloud?: Cloud;
  fleet?: Partial<ClusterApiSimulatorOptions>;
  /** The lab's way out, `http://…` or `socks5://…`. */
  proxy?: string;
  /** The relay's, beside the plain one. */
  listeners?: RelayOptions['listeners'];
}

/** A part that can be stopped and started again, with what it had before. */
export interface Part<T> {
  /** Undefined while it is stopped. */
  current(): T | undefined;
  stop(): Promise<void>;
  /** Does nothing when it runs. */
  start(): Promise<T>;
}

export interface World {
  site: Site;
  /** The compiled program. */
  firmware: string;
  relay: Relay;
  /** The same relay, to be stopped: it comes back with the ports that it had. */
  relayPart: Part<Relay>;
  platform: CcpSimulator;
  /** The management cluster, when the cloud is one. */
  fleet?: ClusterApiSimulator;
  /** The settings file of the provisioner. */
  provisionerFile: string;
  provisioner: Provisioner;
  /** The same provisioner, to be stopped. */
  provisionerPart: Part<Provisioner>;
  /** A board with this button's device.json in its flash. It has no power yet. */
  board(button: string, options?: Partial<BoardOptions>): Board;
  close(): Promise<void>;
}

/** The provisioner reaches a relay on the same machine at once; this is the limit, in milliseconds. */
const onlineLimitMs = 10_000;

/**
 * Builds the firmware and starts everything.
 * @throws SetupError when a part cannot start; what had started is stopped again.
 */
export async function startWorld(options: WorldOptions): Promise<World> {
  const started: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const stop of started.splice(0).reverse()) await stop();
  };
  try {
    return { ...(await startParts(options, started)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  options: WorldOptions,
  started: (() => Promise<void>)[],
): Promise<Omit<World, 'close'>> {
  const { dir, speed, log } = options;
  const { code } = await buildFirmware();
  const site = makeSite({ dir, site: 'lab', buttons: options.buttons });
  const relayPart = makePart(
    (before?: Relay) =>
      startRelay({
        host: loopback,
        port: before?.port ?? 0,
        users: site.usersFile,
        listeners: (options.listeners ?? []).map((listener, i) => ({
          ...listener,
          port: before?.listeners[i + 1]?.port ?? listener.port,
        })),
        log: log.child({ room: 'relay' }),
      }),
    relay => relay.close(),
  );
  const relay = await relayPart.start();
  started.push(() => relayPart.stop());
  writeDeviceFiles(site, relay);
  const platform = await startCcpSimulator({ speed, ...options.platform });
  started.push(() => platform.close());
  const fleet =
    options.cloud === 'cluster-api' ? await startClusterApiSimulator({ speed, ...options.fleet }) : undefined;
  if (fleet !== undefined) started.push(() => fleet.close());
  const provisionerFile = writeProvisionerFile(site, {
    relayUrl: relay.url,
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    platform,
    ...(fleet === undefined ? {} : { fleet: { kubeconfig: fleet.kubeconfig(), namespace: fleet.namespace } }),
    expectS: Math.max(1, Math.round(nominalBuildS / speed)),
  });
  const provisionerPart = makePart(
    () => startProvisioner(loadConfig(provisionerFile), { log: log.child({ room: 'provisioner' }) }),
    provisioner => provisioner.stop(),
  );
  const provisioner = await provisionerPart.start();
  started.push(() => provisionerPart.stop());
  if (!(await provisioner.whenOnline(onlineLimitMs))) {
    throw new SetupError(`the provisioner does not reach the relay: ${provisioner.lastError}`);
  }
  return {
    site,
    firmware: code,
    relay,
    relayPart,
    platform,
    ...(fleet === undefined ? {} : { fleet }),
    provisionerFile,
    provisioner,
    provisionerPart,
    board: (button, more) => {
      const row = site.buttons.find(({ name }) => name === button)?.board ?? '';
      const storageDir = site.flashOf(button);
      return new Board({ bundle: code, storageDir, networks: [hotspot], ...wiringOf(row), ...more });
    },
  };
}

/** The world's provisioner for who asks it, through its stops: while it is stopped, the last one. */
export function followed(world: World): Provisioner {
  return new Proxy(world.provisioner, {
    get(first, name) {
      const now = world.provisionerPart.current() ?? first;
      const value = Reflect.get(now, name, now) as unknown;
      return typeof value === 'function' ? value.bind(now) : value;
    },
  });
}

function makePart<T>(open: (before?: T) => Promise<T>, close: (part: T) => Promise<void>): Part<T> {
  let current: T | undefined;
  let last: T | undefined;
  let starting: Promise<T> | undefined;
  const start = async () => {
    current = await open(last);
    last = current;
    return current;
  };
  return {
    current: () => current,
    async stop() {
      await starting?.catch(() => {});
      const stopping = current;
      current = undefined;
      if (stopping !== undefined) await close(stopping);
    },
    async start() {
      if (current !== undefined) return current;
      // Two that start it at once have the same one.
      starting ??= start().finally(() => {
        starting = undefined;
      });
      return starting;
    },
  };
}
