/** `dashbutton relay export rmqtt|emqx`: the engine's own configuration, for `dashbutton relay auth` to answer its logins. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { applyChanges, type Change } from '../enroll/changes.ts';
import { columns, near } from '../enroll/report.ts';
import { emqxText } from './emqx.ts';
import { rmqttFiles } from './rmqtt.ts';

export interface EngineExportOptions {
  /** The folder to write into; made if need be. */
  out: string;
  /** Where `dashbutton relay auth` answers. */
  auth: string;
  /** Names or addresses of the nodes; RMQTT only. */
  nodes?: string[];
}

/** A configuration is no secret. */
const openMode = 0o644;
const mostNodes = 9;

/** @throws SetupError when an option is wrong or the folder cannot be used; then nothing was written. */
export function exportRmqtt({ out, auth, nodes = ['127.0.0.1'] }: EngineExportOptions): string {
  checkAuth(auth);
  const wrong = nodes.find(node => !/^[A-Za-z0-9.-]+$/.test(node));
  if (wrong !== undefined) throw new SetupError(`--nodes ${wrong}: expected names or IPv4 addresses`);
  if (nodes.length > mostNodes || new Set(nodes).size < nodes.length)
    throw new SetupError(`--nodes: expected at most ${mostNodes}, each once`);
  const token = randomBytes(32).toString('hex');
  const files = nodes.flatMap((_, i) => {
    const folder = resolve(join(out, `node-${i + 1}`));
    return rmqttFiles({ nodes, node: i + 1, folder, auth, token });
  });
  write(out, [
    // With the token in them.
    ...files.map(({ path, text }) => ({ path, text, secret: path.endsWith('rmqtt-http-api.toml') })),
    { path: resolve(join(out, 'rmqtt.token')), text: `${token}\n`, secret: true },
  ]);
  return said(
    [
      ...nodes.map((node, i): [string, string] => [near(join(out, `node-${i + 1}`)), `for ${node}`]),
      [near(join(out, 'rmqtt.token')), 'for dashbutton relay auth: its way to throw somebody out'],
    ],
    [
      `  on each node: rmqttd -f ${near(join(out, 'node-1', 'rmqtt.toml'))}${nodes.length > 1 ? ' (node 1 first, then the others)' : ''}`,
      `  dashbutton relay auth --users users.yaml --rmqtt http://127.0.0.1:6060 --secret ${near(join(out, 'rmqtt.token'))}`,
      '  dashbutton relay test <url> [<url of another node>] says what it keeps',
    ],
  );
}

/** @throws as {@link exportRmqtt}. */
export function exportEmqx({ out, auth }: EngineExportOptions): string {
  checkAuth(auth);
  const path = resolve(join(out, 'dashbutton.conf'));
  write(out, [{ path, text: emqxText(auth), mode: openMode }]);
  return said(
    [[near(path), 'to be included by emqx.conf']],
    [
      '  nobody of us has run EMQX with it yet: dashbutton relay test <url> says what it keeps',
      '  dashbutton relay auth --users users.yaml --emqx http://127.0.0.1:18083 --secret emqx.key',
    ],
  );
}

function checkAuth(auth: string): void {
  if (!URL.canParse(auth) || !/^https?:$/.test(new URL(auth).protocol) || /["\\\s]/.test(auth))
    throw new SetupError(`--auth ${auth}: expected a URL like http://127.0.0.1:9466/login`);
}

function write(out: string, changes: Change[]): void {
  try {
    for (const { path } of changes) {
      const folder = resolve(path, '..');
      if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o755 });
    }
  } catch (error) {
    throw new SetupError(`the folder ${out} cannot be made: ${messageOf(error)}`);
  }
  applyChanges(changes.map(change => ({ mode: openMode, ...change })));
}

function said(rows: [string, string][], next: string[]): string {
  return `${[...columns(rows), '', 'Next:', ...next].join('\n')}\n`;
}
