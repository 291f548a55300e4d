/** What can be wrong with an enrolment: one sentence each, all of them at once. */
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isName, maxNameLength } from '../../protocol/src/topics.ts';
import { boardNames } from './device-file.ts';
import type { Plan } from './plan.ts';
import { buttonIn, relaysIn } from './settings-file.ts';

const nameRule = `expected 1 to ${maxNameLength} lower-case letters, digits and inner hyphens`;

type Draft = Omit<Plan, 'relays'>;

export function problemsOf(plan: Draft): string[] {
  const problems = [...wordProblems(plan), ...loginProblems(plan)];
  // Paths are made of the button's name: without one there is nothing more to look at.
  if (isName(plan.button)) problems.push(...folderProblems(plan), ...repeatProblems(plan));
  return problems;
}

function wordProblems({ button, site, profile, board, settings }: Draft): string[] {
  const problems: string[] = [];
  if (!isName(button)) problems.push(`"${button}" is no name for a button: ${nameRule}`);
  if (site === '') problems.push('which site? say it with --site');
  else if (!isName(site)) problems.push(`"${site}" is no name for a site: ${nameRule}`);
  else if (settings.known.site !== undefined && settings.known.site !== site) {
    problems.push(`--site ${site}: ${settings.path} is for the site ${settings.known.site}`);
  }
  if (profile === '') problems.push('which profile of the provisioner? say it with --profile');
  if (!boardNames.includes(board)) {
    problems.push(`there is no board "${board}": there is ${boardNames.join(' and ')}`);
  }
  return problems;
}

function loginProblems({ button, site, settings, users, login }: Draft): string[] {
  const problems: string[] = [];
  const wanted = relaysIn(settings)[0]?.user;
  if (!login.isNew && wanted !== undefined && wanted !== login.name) {
    problems.push(
      `relay.user is ${wanted} in ${settings.path}, but the provisioner of ${site} is ${login.name} in ${users.path}`,
    );
  }
  if (button === login.name) {
    problems.push(`the name ${button} is the provisioner's own login: choose another`);
  } else if (login.isNew && users.users.has(login.name)) {
    problems.push(`the provisioner needs the login ${login.name}, which is another's in ${users.path}`);
  }
  const user = users.users.get(button);
  if (user !== undefined && user.role !== 'button' && button !== login.name) {
    problems.push(`the name ${button} is taken by a provisioner in ${users.path}`);
  } else if (user?.role === 'button' && user.site !== site && isName(site)) {
    problems.push(`${button} belongs to the site ${user.site} in ${users.path}: revoke it first`);
  }
  return problems;
}

/** Folders are not made: a mistyped path would put secrets where nobody looks for them. */
function folderProblems({ out, users, keyPath, siteKeyPath, login }: Draft): string[] {
  const paths = [out, users.path, keyPath, siteKeyPath, login.passwordPath];
  const folders = new Set(paths.map(path => dirname(resolve(path))));
  return [...folders].flatMap(folder =>
    statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
      ? []
      : [`there is no folder ${folder}`],
  );
}

function repeatProblems({ button, users, settings, out, keyPath, rekey }: Draft): string[] {
  const enrolled = [
    ...(users.users.get(button)?.role === 'button' ? [users.path] : []),
    ...(buttonIn(settings, button) === undefined ? [] : [settings.path]),
  ];
  if (rekey) return enrolled.length > 0 ? [] : [`${button} is not enrolled: leave --rekey out`];
  if (enrolled.length > 0) {
    const where = enrolled.join(' and ');
    return [
      `${button} is enrolled already, in ${where}: --rekey gives it new keys, "dashbutton revoke ${button}" takes it away`,
    ];
  }
  const left = [out, keyPath].filter(path => existsSync(path));
  return left.map(path => `${path} is there already: nothing is written over it, move it away`);
}
