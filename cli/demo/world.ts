/**
 * The whole way of a press on one machine: relay, container platform (simulated), provisioner and boards
 * (simulated), on free loopback ports, each reading the files that it would read anywhere else.
 */
import type { Logger } from '../../config/src/log.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { buildFirmware } from '../../firmware/build.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { type Relay, startRelay } from '../../relay/src/relay.ts';
import { Board } from '../../simulator/board/board.ts';
import type { BoardOptions } from '../../simulator/board/options.ts';
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
}

export interface World {
  site: Site;
  relay: Relay;
  platform: CcpSimulator;
  /** The management cluster, when the cloud is one. */
  fleet?: ClusterApiSimulator;
  /** The settings file of the provisioner. */
  provisionerFile: string;
  provisioner: Provisioner;
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
  const relay = await startRelay({
    host: loopback,
    port: 0,
    users: site.usersFile,
    log: log.child({ room: 'relay' }),
  });
  started.push(() => relay.close());
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
  const provisioner = await startProvisioner(loadConfig(provisionerFile), {
    log: log.child({ room: 'provisioner' }),
  });
  started.push(() => provisioner.stop());
  if (!(await provisioner.whenOnline(onlineLimitMs))) {
    throw new SetupError(`the provisioner does not reach the relay: ${provisioner.lastError}`);
  }
  return {
    site,
    relay,
    platform,
    ...(fleet === undefined ? {} : { fleet }),
    provisionerFile,
    provisioner,
    board: (button, more) =>
      new Board({ bundle: code, storageDir: site.flashOf(button), networks: [hotspot], ...more }),
  };
}
