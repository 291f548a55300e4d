/** A whole lab whose buttons order from a management cluster, simulated if no other is given, behind a front that can break the way to it. */
import type { ProvisionerConfig } from '../../provisioner/src/settings/config.ts';
import { type Lab, startLab } from '../provisioner/lab.ts';
import { Front } from './front.ts';
import { configFor, type Management, type Mode, simulated, templateFor } from './management.ts';
import { pathOf } from './played-controllers.ts';

export interface FleetLab {
  lab: Lab;
  front: Front;
  management: Management;
  config: ProvisionerConfig;
  /** Names of the clusters, past the driver. */
  clusters(): Promise<string[]>;
  close(): Promise<void>;
}

/** @param speed 160 nominal seconds a build. @param management closed with the lab. */
export async function startFleetLab(
  mode: Mode,
  speed: number,
  buttons = ['house-01'],
  management?: Management,
): Promise<FleetLab> {
  const lab = await startLab({ buttons });
  return fleetLab(mode, speed, lab, management ?? (await simulated('v1beta2', speed)));
}

async function fleetLab(mode: Mode, speed: number, lab: Lab, management: Management): Promise<FleetLab> {
  const { backend, version, namespace, caller } = management;
  const front = await Front.start(backend);
  const fleet = configFor({ url: front.url, ca: front.ca, token: backend.token }, namespace);
  lab.config.platforms = { fleet };
  lab.config.profiles = {
    house: {
      platform: 'fleet',
      rangePool: '10.128.0.0/10',
      rangePrefix: 18,
      expectS: Math.ceil(160 / speed),
      deadlineS: 240,
      template: templateFor(mode),
    },
  };
  return {
    lab,
    front,
    management,
    config: lab.config,
    clusters: async () => {
      const items = await caller.items(pathOf(version, namespace, 'clusters'));
      return items.map(({ metadata }) => metadata.name).sort();
    },
    close: async () => {
      await front.close();
      await management.close();
      await lab.close();
    },
  };
}
