/** Takes a button away: it can no longer log in, and nothing that it signed is believed. */
import { existsSync } from 'node:fs';
import { SetupError } from '../../config/src/setup-error.ts';
import { applyChanges, type Change } from './changes.ts';
import { withLocks } from './lock.ts';
import { columns, near } from './report.ts';
import { buttonIn, fromSettings, openSettings, removeButton, settingsText } from './settings-file.ts';
import { openUsers, removeUser, usersText } from './users-file.ts';

export interface RevokeOptions {
  button: string;
  users: string;
  config: string;
}

/**
 * Removes a button from the users file and the settings, and its key file.
 * @returns what was done and what remains.
 * @throws SetupError when there is no such button; then no file was changed.
 */
export async function revoke(options: RevokeOptions): Promise<string> {
  // Before the lock, which is a file in a folder that may not exist.
  if (!existsSync(options.users) && !existsSync(options.config)) {
    throw new SetupError(`there is neither ${options.users} nor ${options.config}: nothing to revoke from`);
  }
  return withLocks(options, () => {
    const { changes, site } = changesFor(options);
    applyChanges(changes);
    return report(options, changes, site);
  });
}

function changesFor({ button, users: usersPath, config }: RevokeOptions): {
  changes: Change[];
  site: string | undefined;
} {
  const users = openUsers(usersPath);
  const settings = openSettings(config);
  const user = users.users.get(button);
  const entry = buttonIn(settings, button);
  if (user?.role === 'provisioner') throw new SetupError(`${button} is a provisioner, not a button`);
  if (user === undefined && entry === undefined) {
    const known = [...users.users.values()].filter(other => other.role === 'button').map(other => other.name);
    const hint = known.length > 0 ? `there is ${known.join(', ')}` : 'there is none at all';
    throw new SetupError(`there is no button "${button}" in ${usersPath} or ${config}: ${hint}`);
  }
  const changes: Change[] = [];
  if (user !== undefined) {
    removeUser(users, button);
    changes.push({ path: users.path, text: usersText(users) });
  }
  if (entry !== undefined) {
    removeButton(settings, button);
    changes.push({ path: settings.path, text: settingsText(settings) });
    const keyFile = entry.keyFile;
    const others = Object.entries(settings.known.buttons ?? {}).filter(([name]) => name !== button);
    const shared = others.some(([, other]) => other.keyFile === keyFile);
    const keyPath = keyFile === undefined || shared ? undefined : fromSettings(settings, keyFile);
    if (keyPath !== undefined && existsSync(keyPath)) changes.push({ path: near(keyPath), text: undefined });
  }
  return { changes, site: user?.site ?? settings.known.site };
}

function report({ button, users, config }: RevokeOptions, changes: Change[], site = 'the site'): string {
  const done = columns(
    changes.map(({ path, text }) => [near(path), text === undefined ? 'deleted' : `${button} removed`]),
  );
  const changed = (path: string) => changes.some(change => change.path === path);
  const device = `${button}.device.json`;
  return `${[
    `${button} is revoked.`,
    '',
    ...done,
    '',
    'What remains:',
    ...(changed(users)
      ? [
          `  the relay reads ${users} by itself and disconnects it within a second; copy the file there if it is elsewhere`,
        ]
      : []),
    ...(changed(config) ? [`  the provisioner knows it until it is started again (${config})`] : []),
    '  its clusters are not given back, and the relay keeps its last status',
    `  its chip still holds the networks' passwords and the key of ${site}: erase it (esptool erase_flash)`,
    ...(existsSync(device) ? [`  ${device} holds the same: delete it`] : []),
    `  if the chip is lost, change the hotspot's password. With the site's key one can pretend that the lab is`,
    '  online or offline, not order anything: docs/hardware.md says how to change it',
  ].join('\n')}\n`;
}
