/** `dashbutton relay export mosquitto` from the question to the files. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { readUsers } from '../../relay/src/auth/users.ts';
import { applyChanges } from '../enroll/changes.ts';
import { columns, near } from '../enroll/report.ts';
import { aclText, configurationText, passwordText } from './mosquitto.ts';
import { findPasswords, type Passwords } from './passwords.ts';

export interface ExportOptions {
  /** The relay's users file. */
  users: string;
  /** The folder to write into; made if need be. */
  out: string;
  /** Folders where enrolments left their files. Default: that of the users file. */
  passwords?: string[];
}

/** A configuration is no secret. */
const openMode = 0o644;

/**
 * Writes `passwords`, `acl` and `mosquitto.conf`, all of them or none.
 * @returns what was written and who is missing, without a secret.
 * @throws SetupError when the users file is broken, a folder cannot be used, or not one password is known.
 */
export async function exportMosquitto(options: ExportOptions): Promise<string> {
  const { users: usersPath, out, passwords: folders = [dirname(usersPath)] } = options;
  const users = readUsers(usersPath);
  const passwords = await findPasswords(users, folders);
  if (users.size > 0 && passwords.known.size === 0) {
    const where = folders.join(' and ');
    throw new SetupError(
      [
        `no password of ${usersPath} is in ${where}: the users file holds verifiers, which Mosquitto cannot use`,
        '  name the folder with the *.password and *.device.json files that enroll wrote: --passwords <folder>',
        ...passwords.unread.map(reason => `  ${reason}`),
      ].join('\n'),
    );
  }
  makeFolder(out);
  const [passwordPath, aclPath, configPath] = ['passwords', 'acl', 'mosquitto.conf'].map(name =>
    resolve(join(out, name)),
  ) as [string, string, string];
  applyChanges([
    { path: passwordPath, text: passwordText(users, passwords.known), secret: true },
    { path: aclPath, text: aclText(users) },
    { path: configPath, text: configurationText(passwordPath, aclPath), mode: openMode },
  ]);
  return report(users.size, passwords, [passwordPath, aclPath, configPath]);
}

function makeFolder(out: string): void {
  if (existsSync(out)) return;
  try {
    mkdirSync(out, { mode: 0o700 });
  } catch (error) {
    throw new SetupError(`the folder ${out} cannot be made: ${messageOf(error)}`);
  }
}

function report(
  count: number,
  { known, missing, unread }: Passwords,
  paths: [string, string, string],
): string {
  const [passwordPath, aclPath, configPath] = paths;
  return `${[
    ...columns([
      [near(passwordPath), `${known.size} of ${count} users`],
      [near(aclPath), 'what each of them may'],
      [near(configPath), 'an example that uses both'],
    ]),
    '',
    ...unread.map(reason => `Not read: ${reason}`),
    ...(missing.length === 0
      ? []
      : [
          `No password was found for ${missing.join(', ')}: Mosquitto will refuse ${missing.length === 1 ? 'it' : 'them'}.`,
          '  --passwords <folder> says where else to look; "dashbutton enroll <button> --rekey" makes a new one',
        ]),
    'Next:',
    '  let Mosquitto read both files: chown mosquitto: (mode 600 stays right)',
    '  after every enroll and revoke: export again, then reload Mosquitto (SIGHUP), which drops who was revoked',
    'Note: Mosquitto cannot refuse retained presses, and has no limits for guessing: see the files.',
  ].join('\n')}\n`;
}
