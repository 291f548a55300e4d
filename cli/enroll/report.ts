/** What an enrolment tells the person: what changed, what to know, what to do next. Never a secret. */
import { basename, relative } from 'node:path';
import type { Change } from './changes.ts';
import type { Plan } from './plan.ts';
import { asWritten, type Network, ssidHint } from './wifi.ts';

/** As a person would write it: from the folder they are in, unless that is a long way round. */
export function near(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || short === '' ? path : short;
}

/** Two columns, set in as far as everything else. */
export function columns(rows: [string, string][]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`);
}

export function report(plan: Plan, wifi: Network[], changes: readonly Change[]): string {
  const { button, site, rekey } = plan;
  const lines = [
    rekey
      ? `${button} has new keys. The old ones are worth nothing from now on.`
      : `${button} is enrolled at ${site}.`,
    '',
    ...columns(changes.map(change => [near(change.path), whatOf(plan, change)])),
    '',
    ...(plan.settings.there ? [] : [entryToAdd(plan), '']),
    ...notes(plan, wifi).map(note => `Note: ${note}.`),
    'Next:',
    copyAdvice(plan),
    ...(plan.settings.there
      ? ['  the provisioner takes its files over by itself within a second, builds go on']
      : []),
    ...(plan.settings.there ? [`  dashbutton provisioner --config ${near(plan.settings.path)} --check`] : []),
    `  dashbutton flash ${button} --port /dev/ttyUSB0${flashOptions(plan)}`,
    ...(rekey ? [`  Until it is flashed again, ${button} is refused by the relay.`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function whatOf({ button, rekey, users, settings, login, keyPath, out }: Plan, { path }: Change): string {
  const verb = rekey ? 'new verifier for' : 'added';
  if (path === users.path)
    return `${verb} ${button}${login.isNew ? `, added ${login.name} (the provisioner)` : ''}`;
  if (path === settings.path) return `buttons.${button}`;
  if (path === near(keyPath)) return `the provisioner's copy of ${button}'s key`;
  if (path === near(out)) return 'for the chip: keys, relay, networks';
  return path === near(login.passwordPath) ? "the provisioner's password at the relay" : "the site's key";
}

/** There are no settings to add to: the person writes them, and these lines belong there. */
function entryToAdd({ button, profile, site, settings, keyFile, siteKeyPath, login }: Plan): string {
  return [
    `There is no ${near(settings.path)} yet (provisioner/example.yaml explains one). What belongs there:`,
    '',
    `  site: ${site}`,
    `  relay: { url: …, user: ${login.name}, passwordFile: ${basename(login.passwordPath)} }`,
    `  siteKeyFile: ${basename(siteKeyPath)}`,
    '  buttons:',
    `    ${button}: { profile: ${profile}, keyFile: ${keyFile} }`,
  ].join('\n');
}

function notes({ relays, battery }: Plan, wifi: Network[]): string[] {
  const loopback = relays.find(({ host }) => host === 'localhost' || host.startsWith('127.'));
  return [
    ...(loopback ? [`a button cannot reach ${loopback.host}: that is every machine's own address`] : []),
    ...(relays.some(({ tls }) => tls)
      ? ["TLS hides what is said; the chip does not check the relay's certificate"]
      : []),
    ...(battery === undefined
      ? []
      : [`the battery is read with a ratio of ${battery.ratio} and an offset of ${battery.offsetMv} mV`]),
    ...wifi.flatMap(network => ssidHint(asWritten(network).ssid) ?? []),
  ];
}

function copyAdvice({ relays, users }: Plan): string {
  return relays.length === 1
    ? `  the relay reads ${near(users.path)} by itself within a second; copy it there if it is elsewhere`
    : `  copy ${near(users.path)} to each of the ${relays.length} relays, which read it within a second (or export it for another broker)`;
}

function flashOptions({ button, out }: Plan): string {
  return near(out) === `${button}.device.json` ? '' : ` --device ${near(out)}`;
}
