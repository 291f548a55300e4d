/** A whole way of a press for a test: real bundle, real relay, real TCP, and every part can be stopped alone. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ButtonPlan,
  hotspot,
  makeSite,
  type Site,
  writeDeviceFiles,
  writeProvisionerFile,
} from '../../cli/demo/site.ts';
import { onView } from '../../cli/views.ts';
import { type Logger, silentLog } from '../../config/src/log.ts';
import { buildFirmware } from '../../firmware/build.ts';
import type { View } from '../../firmware/src/view.ts';
import { keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import type { Limits } from '../../relay/src/limits.ts';
import { type Relay, startRelay } from '../../relay/src/relay.ts';
import { Board } from '../../simulator/board/board.ts';
import type { BoardOptions } from '../../simulator/board/options.ts';
import {
  type CcpSimulator,
  type CcpSimulatorOptions,
  startCcpSimulator,
} from '../../simulator/ccp/simulator.ts';

/** Test files run side by side: each worker's clusters get addresses of their own. */
const addressPool = `127.${30 + (Number(process.env.VITEST_POOL_ID ?? 0) % 100)}.0.0/16`;

/** A build of 160 s then takes 2 s. */
const defaultSpeed = 80;

export interface LabOptions {
  platform?: Partial<CcpSimulatorOptions>;
  proxy?: string;
  /** What the provisioner logs in with, when it is not the platform's own password. */
  platformPassword?: string;
  /** The provisioner's clock. */
  now?: () => number;
  log?: Logger;
  /** False: the test starts it itself. */
  provisioner?: boolean;
  buttons?: ButtonPlan[];
  /** The relay's, where a test sends more than it would take. */
  limits?: Partial<Limits>;
}

export interface Lab {
  site: Site;
  relay: Relay;
  platform: CcpSimulator;
  provisioner: Provisioner | undefined;
  provisionerFile: string;
  startProvisioner(): Promise<Provisioner>;
  /** Starts the relay again on the port it had. */
  restartRelay(): Promise<void>;
  button(name?: string, options?: Partial<BoardOptions>): Button;
  /** Something to undo at the end, last first. */
  finally(undo: () => unknown): void;
  close(): Promise<void>;
}

/** A board with a notebook of all it has shown. */
export interface Button {
  board: Board;
  views: View[];
  faults: string[];
  /** Waits for the first view from `from` on that fits. Fails with everything shown when none comes in time. */
  shows(fits: (view: View) => boolean, options?: { from?: number; withinMs?: number }): Promise<View>;
  showsKind<K extends View['kind']>(
    kind: K,
    options?: { from?: number; withinMs?: number },
  ): Promise<Extract<View, { kind: K }>>;
}

let bundle: Promise<string> | undefined;

/** The compiled firmware, built once per test file. */
export function compiledBundle(): Promise<string> {
  bundle ??= build();
  return bundle;
}

async function build(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'dashbutton-bundle-'));
  try {
    return (await buildFirmware({ outfile: join(dir, 'bundle.js') })).code;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const code = await compiledBundle();
  const dir = mkdtempSync(join(tmpdir(), 'dashbutton-e2e-'));
  const undo: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 })];
  const site = makeSite({
    dir,
    site: 'lab',
    buttons: options.buttons ?? [{ name: 'house-01', profile: 'house', board: 'heltec-wifi-kit-32' }],
  });
  const log = options.log ?? silentLog;
  const relayOptions = { host: '127.0.0.1', users: site.usersFile, log, limits: options.limits ?? {} };
  const relay = await startRelay({ ...relayOptions, port: 0 });
  writeDeviceFiles(site, relay);
  const platform = await startCcpSimulator({ speed: defaultSpeed, addressPool, ...options.platform });
  undo.push(() => platform.close());
  const provisionerFile = writeProvisionerFile(site, {
    relayUrl: relay.url,
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    platform: { ...platform, password: options.platformPassword ?? platform.password },
    expectS: 2,
  });
  const lab: Lab = {
    site,
    relay,
    platform,
    provisioner: undefined,
    provisionerFile,
    async startProvisioner() {
      const provisioner = await startProvisioner(loadConfig(provisionerFile), {
        log,
        ...(options.now === undefined ? {} : { now: options.now }),
      });
      lab.provisioner = provisioner;
      return provisioner;
    },
    async restartRelay() {
      lab.relay = await startRelay({ ...relayOptions, port: relay.port });
    },
    button: (name = 'house-01', more = {}) => {
      const board = new Board({
        bundle: code,
        storageDir: site.flashOf(name),
        networks: [hotspot],
        joinMs: 20,
        ...more,
      });
      undo.push(() => board.powerOff());
      board.shelve();
      return notebook(board);
    },
    finally: action => undo.push(action),
    async close() {
      await lab.provisioner?.stop();
      await lab.relay.close();
      for (const action of undo.reverse()) await action();
    },
  };
  if (options.provisioner !== false) await lab.startProvisioner();
  return lab;
}

function notebook(board: Board): Button {
  const views: View[] = [];
  const faults: string[] = [];
  onView(board, view => views.push(view));
  board.on('fault', fault => faults.push(fault.message));
  const shows: Button['shows'] = async (fits, { from = 0, withinMs = 20_000 } = {}) => {
    const giveUpAt = performance.now() + withinMs;
    for (;;) {
      const found = views.slice(from).find(fits);
      if (found !== undefined) return found;
      if (performance.now() > giveUpAt || faults.length > 0) {
        throw new Error(`not shown: ${fits}\nshown: ${JSON.stringify(views)}\nfaults: ${faults.join('; ')}`);
      }
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  };
  return {
    board,
    views,
    faults,
    shows,
    showsKind: async (kind, options) =>
      (await shows(view => view.kind === kind, options)) as Extract<View, { kind: typeof kind }>,
  };
}

/** A button's signing key, to speak in its name. */
export function keyOf(site: Site, button: string) {
  return keyFromBytes(Buffer.from(readFileSync(join(site.dir, `${button}.key`), 'utf8'), 'base64'));
}

/** A button's password at the relay. */
export function passwordOf(site: Site, name: string): string {
  return readFileSync(join(site.dir, `${name}.password`), 'utf8').trim();
}
