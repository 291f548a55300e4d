/** What an import tells the person on standard error. Paths and guesses; never a value that was in the payload. */
import { columns } from '../enroll/report.ts';
import { type Profile, placeholdersIn } from './block.ts';
import { isPlaceholder } from './identifiers.ts';
import { show } from './json.ts';
import { type Kind, kindWords } from './kind.ts';
import type { Fate, Reason, Swept } from './sweep.ts';

export interface Story {
  kind: Kind;
  name: string;
  profile: Profile;
  swept: Swept;
  guessed: { name: boolean; platform: boolean };
  /** What stayed of a profile that was there. */
  old?: string[];
}

/** Most places named in a line: a payload has fewer, and no file can flood the terminal. */
const maxNamed = 50;

const reasons: [Reason, string][] = [
  ['secret', 'secret'],
  ['press', 'comes from the press'],
  ['answer', 'an answer of the platform, not an order'],
  ['unneeded', 'not needed'],
  ['addOns', 'add-ons are a setting of the profile: addOns'],
  ['empty', 'nothing in it'],
];

const doneWords: Record<Fate['done'], string> = {
  kept: 'kept: it belongs to the platform or person it was captured from',
  'left out': 'left out (--keep-ids keeps it)',
  'put in': 'put in, as --ssh-key says',
  'no public key': 'dropped: it is no public key (--ssh-key puts one in)',
};

export function report(story: Story): string {
  const { kind, name, swept, old } = story;
  const { dropped, fates, template, unknown } = swept;
  const droppedRows = reasons.flatMap(([reason, words]): [string, string][] =>
    dropped[reason].length === 0 ? [] : [[words, list([...new Set(dropped[reason])])]],
  );
  const lines = [
    `This is ${kindWords[kind]}.`,
    ...section('Dropped:', droppedRows),
    ...section(
      'Identifiers and keys:',
      fates.slice(0, maxNamed).map(({ path, what, done }) => [path, `${what}: ${doneWords[done]}`]),
    ),
    ...(fates.length > maxNamed ? [`  and ${fates.length - maxNamed} more`] : []),
    ...section('Kept:', [['as captured', list(keptKeys(template))]]),
    ...(unknown.length === 0 ? [] : [`  not known to belong to an order, look at them: ${list(unknown)}`]),
    ...section('Guessed, confirm each:', guesses(story)),
    ...(old === undefined ? [] : ['', `Stays as it was in profile ${name}: ${list(old)}.`]),
    ...todo(story),
  ];
  if (kind !== 'v2') {
    lines.push(
      '',
      `Note: a create payload has no add-ons; name them in the profile: addOns: [ccp-monitor, ccp-efk].`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Fields of which something was kept. */
function keptKeys(template: Swept['template']): string[] {
  return Object.entries(template).flatMap(([key, value]) =>
    typeof value === 'string' && isPlaceholder(value) ? [] : [show([key])],
  );
}

function section(title: string, rows: [string, string][]): string[] {
  return rows.length === 0 ? [] : ['', title, ...columns(rows)];
}

function guesses({ name, profile, guessed, old = [] }: Story): [string, string][] {
  const rows: [string, string, string][] = [
    ...(guessed.name ? [['name', 'name', `${name} (--name says another)`] as [string, string, string]] : []),
    ...(guessed.platform
      ? [
          ['platform', 'platform', `${profile.platform} (--platform says another)`] as [
            string,
            string,
            string,
          ],
        ]
      : []),
    ['rangePool', 'rangePool', `${profile.rangePool}: ${profile.rangeWhy}; is all of it free for clusters?`],
    ['rangePrefix', 'rangePrefix', String(profile.rangePrefix)],
    ['expectS', 'expectS', `${profile.expectS} s for a build, until there is a history`],
    ['deadlineS', 'deadlineS', `${profile.deadlineS} s: then it counts as failed`],
  ];
  // What a person has set already was not guessed.
  return rows.filter(([key]) => !old.includes(key)).map(([, shown, words]) => [shown, words]);
}

/** The places themselves have been named among the identifiers, and are marked in the profile. */
function todo({ swept, old }: Story): string[] {
  const count = placeholdersIn(swept.template).length;
  if (count === 0) return [];
  const places = count === 1 ? 'the place' : `the ${count} places`;
  return [
    '',
    `Left to do: put your own values into ${places} marked <…>${old === undefined ? ', and confirm the guesses' : ''}.`,
  ];
}

function list(places: readonly string[]): string {
  if (places.length <= maxNamed) return places.join(', ');
  return `${places.slice(0, maxNamed).join(', ')} and ${places.length - maxNamed} more`;
}
