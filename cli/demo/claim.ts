/** A demo's folder is for one demo at a time, and for nothing else: what is there is written anew. */
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { listenAlone, Taken } from '../../provisioner/src/operator/control.ts';

/** Who listens here has the folder; the kernel ends that with the process, whatever ends it. */
const socketName = 'demo.sock';

/** Each demo writes this one, and nobody else does. */
const markName = 'demo.log';

/** Of a site, and of a demo as well. */
const siteFiles = ['provisioner.yaml', 'users.yaml', 'site.key', 'journal'];

/**
 * Takes the folder, making it when there is none, before anything is written into it.
 * @returns what gives it back.
 * @throws SetupError when another demo has it, or it has files of a site that no demo made.
 */
export async function claim(dir: string): Promise<() => Promise<void>> {
  const foreign = siteFiles.find(name => existsSync(join(dir, name)));
  if (foreign !== undefined && !existsSync(join(dir, markName))) {
    throw new SetupError(
      `${dir} has a ${foreign} that no demo made, and a demo would write its own over it: choose another folder`,
    );
  }
  const server = createServer(socket => socket.destroy());
  try {
    mkdirSync(dir, { recursive: true });
    await listenAlone(server, join(dir, socketName));
  } catch (error) {
    if (error instanceof Taken)
      throw new SetupError(`another demo runs in ${dir}: end it, or choose another folder`);
    throw new SetupError(`${dir} cannot be used for a demo: ${messageOf(error)}`);
  }
  server.unref();
  return () => new Promise(resolve => server.close(() => resolve()));
}
