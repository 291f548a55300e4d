/**
 * The control socket: LevelDB lets one process into the journal, so the command line asks this one. HTTP on a Unix
 * socket that only its owner may open: who may read the journal's files may ask, nobody else.
 */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server as NetServer } from 'node:net';
import { z } from 'zod';
import type { Logger } from '../../../config/src/log.ts';
import { errnoOf, messageOf, SetupError } from '../../../config/src/setup-error.ts';
import { close, json, listen, makeServer, type Routes } from '../../../config/src/small-server.ts';
import type { Provisioner } from '../service.ts';
import { tooLong } from './control-path.ts';

/** Both take the right to connect from everybody else. The first leaves folders usable that are made meanwhile. */
const ownerOnlyMask = 0o077;
const ownerOnlyMode = 0o600;

/** Somebody who listens on this machine takes a connection at once (milliseconds). */
const knockTimeoutMs = 1_000;

export type Controlled = Pick<
  Provisioner,
  'presses' | 'health' | 'release' | 'kubeconfig' | 'refusedNotices' | 'sendNoticesAgain' | 'copyJournal'
>;

const idsSchema = z.strictObject({ ids: z.array(z.string()).exactOptional() });
const clusterSchema = z.strictObject({ cluster: z.string().min(1) });

/**
 * Listens at `path`, whose journal this process has open. Never rejects: without the socket buttons are served all
 * the same, so a socket that cannot be is a warning.
 * @returns what stops it; undefined when there is none.
 */
export async function startControl(
  provisioner: Controlled,
  path: string,
  log: Logger,
): Promise<(() => Promise<void>) | undefined> {
  const server = makeServer(routesOf(provisioner));
  try {
    await listenAlone(server, path);
  } catch (error) {
    log.warn(
      { reason: messageOf(error) },
      'no control socket: presses, clusters, kubeconfig and release do not work on the command line while this runs',
    );
    return undefined;
  }
  log.info({ socket: path }, 'the command line may ask');
  return () => close(server);
}

function routesOf(provisioner: Controlled): Routes {
  return {
    'GET /presses': () => json(provisioner.presses()),
    'GET /journal': () => ({
      status: 200,
      type: 'text/plain; charset=utf-8',
      body: provisioner.copyJournal(),
    }),
    'GET /notices': () => json(provisioner.refusedNotices()),
    'POST /notices': async body => json({ sent: await provisioner.sendNoticesAgain(idsIn(body)) }, 202),
    'GET /health': () => json(provisioner.health()),
    'POST /release': async body => json({ words: await provisioner.release(clusterIn(body)) }, 202),
    // Not GET: a name is told, and nobody between shall keep the answer.
    'POST /kubeconfig': async body => json({ kubeconfig: await provisioner.kubeconfig(clusterIn(body)) }),
  };
}

/** Undefined for all. */
function idsIn(body: string): string[] | undefined {
  try {
    return idsSchema.parse(JSON.parse(body)).ids;
  } catch {
    throw new SetupError('expected {"ids": ["<id>", …]}, or {} for all');
  }
}

function clusterIn(body: string): string {
  try {
    return clusterSchema.parse(JSON.parse(body)).cluster;
  } catch {
    throw new SetupError('expected {"cluster": "<name>"}');
  }
}

/**
 * Listens at a path that only its owner may open, and that nobody else listens at.
 * @throws Taken when somebody does, Error when the path cannot be used.
 */
export async function listenAlone(server: NetServer, path: string): Promise<void> {
  const long = tooLong(path);
  if (long !== undefined) throw new Error(long);
  await removeStale(path);
  await listenPrivately(server, path);
}

/** Somebody listens there. */
export class Taken extends Error {
  override name = 'Taken';
}

/** Takes away what a killed process left: a socket at which nobody answers. Anything else there is not ours to remove. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is there and is no socket: move it away`);
  if (await answers(path)) throw new Taken(`another program answers at ${path}: end it`);
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(knockTimeoutMs, () => end(true));
    socket.once('connect', () => end(true));
    socket.once('error', error => {
      if (errnoOf(error) === 'ECONNREFUSED' || errnoOf(error) === 'ENOENT') end(false);
      else reject(error);
    });
  });
}

/** The mode is right from the first moment: the mask is set while the socket is made, which `listen` does at once. */
async function listenPrivately(server: NetServer, path: string): Promise<void> {
  const before = process.umask(ownerOnlyMask);
  let listening: Promise<void>;
  try {
    listening = listen(server, { path });
  } finally {
    process.umask(before);
  }
  await listening;
  chmodSync(path, ownerOnlyMode);
}
