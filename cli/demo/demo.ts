/** The demo from its first file to its last. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { multistream, pino } from 'pino';
import { SetupError } from '../../config/src/setup-error.ts';
import { type Operator, startOperator } from '../../provisioner/src/operator/operator.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { pressOnce } from '../press-once.ts';
import { framePrinter } from '../terminal.ts';
import { claim } from './claim.ts';
import type { Cloud } from './clouds.ts';
import { playWithKeys } from './keys.ts';
import { type OpenPage, openPage } from './page/open.ts';
import type { ButtonPlan } from './site.ts';
import { followed, startWorld, type World } from './world.ts';

export interface DemoOptions {
  /** A button's name, or true for the first. */
  once?: string | true;
  /** How many times faster than real the platform builds. */
  speed: number;
  /** Where the cloud button orders. */
  cloud: Cloud;
  /** False: no page for the browser. */
  page?: boolean;
  /** Where all files go and stay; a temporary folder that is removed when left out. */
  dir?: string;
}

/** The house orders on-premises, the cloud in the public cloud: the button's profile is the choice. */
const buttons: ButtonPlan[] = [
  { name: 'house-01', profile: 'house', board: 'firebeetle-2-esp32-e' },
  { name: 'cloud-01', profile: 'cloud', board: 'firebeetle-2-esp32-e' },
];

/** The longest build we wait for, in seconds of the simulated platform's own time, and what the rest may take. */
const buildLimitS = 1800;
const restLimitS = 50;

/** Fewer than the simulated platform's pool has. */
const addressRing = 60_000;

/** Blocks of 256 addresses for the clusters of a management cluster: more than anybody presses in a demo. */
const pools = 250;

/** Runs the demo. Returns the exit code. */
export async function demo(options: DemoOptions): Promise<number> {
  const once = options.once === true ? 'house-01' : options.once;
  if (once !== undefined && !buttons.some(button => button.name === once)) {
    const names = buttons.map(button => button.name).join(' and ');
    throw new SetupError(`there is no button "${once}" in the demo: it has ${names}`);
  }
  const temporary = options.dir === undefined;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'dashbutton-'));
  const printer = framePrinter(process.stdout);
  let world: World | undefined;
  let operator: Operator | undefined;
  const free = await claim(dir);
  let page: OpenPage | undefined;
  try {
    const file = pino.destination({ dest: join(dir, 'demo.log'), mkdir: true, sync: true });
    const withPage = once === undefined && options.page !== false;
    page = withPage ? await openPage() : undefined;
    const log =
      page === undefined ? pino(file) : pino({}, multistream([{ stream: file }, { stream: page.tail }]));
    world = await startWorld({
      dir,
      buttons: [...buttons, ...(page?.buttons ?? [])],
      speed: options.speed,
      cloud: options.cloud,
      log,
      platform: { firstAddress: anyAddress() },
      fleet: { addressPool: anyPool() },
      ...(page === undefined ? {} : { proxy: page.proxyUrl, listeners: page.listeners }),
    });
    // So that presses, clusters, kubeconfig, release and doctor work while it runs.
    operator = await startOperator(followed(world), loadConfig(world.provisionerFile), log);
    if (once !== undefined) {
      const limitMs = 1000 * (restLimitS + buildLimitS / options.speed);
      return await pressOnce(world.board(once), once, printer, AbortSignal.timeout(limitMs));
    }
    const url = await page?.serve(world, options.speed, log);
    if (url !== undefined) printer.line(`The buttons in your browser: ${url}`);
    await playWithKeys(world, printer, url);
    return 0;
  } finally {
    await operator?.stop();
    await page?.close();
    await world?.close();
    await free();
    if (temporary) rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Where in its pool the platform begins to hand out addresses: by the clock, so that one run after another
 * shows another address.
 */
function anyAddress(): number {
  return Math.floor(Date.now() / 1000) % addressRing;
}

/** The same for the management cluster, which begins with the first address of its pool. */
function anyPool(): string {
  return `127.30.${anyAddress() % pools}.0/24`;
}
