/** An enrolment: keys and passwords are made here, and go into files that only their owner reads. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readKey } from '../../config/src/secret-file.ts';
import { keyBytes } from '../../protocol/src/messages.ts';
import { makeVerifier } from '../../relay/src/auth/verifier.ts';
import { applyChanges, type Change } from './changes.ts';
import { deviceText } from './device-file.ts';
import { withLocks } from './lock.ts';
import { type EnrollOptions, type Plan, planEnrolment } from './plan.ts';
import type { RelayHost } from './relay-url.ts';
import { near, report } from './report.ts';
import { putButton, settingsText } from './settings-file.ts';
import { putUser, usersText } from './users-file.ts';
import { type Network, onTheAir } from './wifi.ts';

/** 32 random bytes as base64: nobody guesses them, and the relay takes no others (verifier.ts). */
const newSecret = () => randomBytes(keyBytes).toString('base64');

/**
 * Enrols a button, or gives it new keys.
 * @param askWifi is called when no networks are known, after everything else has been found right.
 * @returns what to tell the person, without a secret in it.
 * @throws SetupError with every problem; then no file was changed.
 */
export async function enroll(options: EnrollOptions, askWifi: () => Promise<Network[]>): Promise<string> {
  const draft = planEnrolment(options);
  changesFor(draft, []);
  const asked = draft.wifi === undefined ? (await askWifi()).map(onTheAir) : [];
  return withLocks(options, () => {
    // Once more: somebody else may have enrolled meanwhile.
    const plan = planEnrolment(options);
    const wifi = plan.wifi ?? asked;
    const changes = changesFor(plan, wifi);
    applyChanges(changes);
    return report(plan, wifi, changes);
  });
}

/** All files with their new text; those that name others come after them. */
function changesFor(plan: Plan, wifi: Network[]): Change[] {
  const { button, site, board, battery, users, settings, login } = plan;
  const secrets: Change[] = [];
  const put = (path: string, text: string) => {
    secrets.push({ path: near(path), text, secret: true });
    return text.trim();
  };
  const siteKey = existsSync(plan.siteKeyPath)
    ? readKey(plan.siteKeyPath, 'the site key', keyBytes).toString('base64')
    : put(plan.siteKeyPath, `${newSecret()}\n`);
  if (login.isNew) {
    const secret = existsSync(login.passwordPath)
      ? readKey(login.passwordPath, "the provisioner's password file", keyBytes).toString('base64')
      : put(login.passwordPath, `${newSecret()}\n`);
    putUser(users, { name: login.name, role: 'provisioner', site, verifier: makeVerifier(secret) });
  }
  const key = put(plan.keyPath, `${newSecret()}\n`);
  const password = newSecret();
  const [first, ...otherRelays] = plan.relays as [RelayHost, ...RelayHost[]];
  const relay = { ...first, password };
  const more = {
    ...(otherRelays.length === 0 ? {} : { otherRelays }),
    ...(battery === undefined ? {} : { battery }),
  };
  put(plan.out, deviceText({ button, site, board, key, siteKey, relay, wifi, ...more }));
  putUser(users, { name: button, role: 'button', site, verifier: makeVerifier(password) });
  const edited = settings.there && putButton(settings, button, plan.profile, plan.keyFile);
  // Looked at in any case: a mistake in the settings keeps the new button from working, too.
  const newSettings = settings.there ? settingsText(settings) : '';
  return [
    ...secrets,
    ...(edited ? [{ path: settings.path, text: newSettings }] : []),
    { path: users.path, text: usersText(users) },
  ];
}
