/** An import: read, decide what it is, sweep out what must not be in a profile, check, print or write. */

import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { checkYaml } from '../../config/src/yaml-file.ts';
import { settingsSchema } from '../../provisioner/src/settings/config-schema.ts';
import { applyChanges } from '../enroll/changes.ts';
import { withLock } from '../enroll/lock.ts';
import { openSettings } from '../enroll/settings-file.ts';
import { blockText, type Profile, profileOf, settingsAround } from './block.ts';
import { checkedSettings, platformIn, putProfile } from './into-settings.ts';
import { kindOf } from './kind.ts';
import { report } from './report.ts';
import { type Input, readPayload } from './source.ts';
import { publicKeyIn, withPublicKey } from './ssh-key.ts';
import { sweep } from './sweep.ts';

export interface ImportOptions {
  /** A path; `-` is standard input. */
  payload: string;
  name?: string;
  platform?: string;
  /** Settings to add the profile to. Without them it is only printed. */
  config?: string;
  replace?: boolean;
  keepIds?: boolean;
  /** Path of a public key. */
  sshKey?: string;
}

export interface Imported {
  /** For standard output: the profile as YAML, or what was written. */
  out: string;
  /** For standard error: what was dropped, kept and guessed. Never a secret's value. */
  notes: string;
  /** What the provisioner would refuse in the printed profile, besides its placeholders. */
  problems?: SetupError;
}

/** What a profile is called when nobody says: the two cases there are (house: vSphere; cloud: EKS). */
const defaultNames = { v2: 'house', v3: 'house', eks: 'cloud' } as const;

/** The platform's name as the example calls it; there are no settings to look in. */
const defaultPlatform = 'lab-ccp';

/**
 * Makes a profile of a captured create payload (`ccp-api`, sections 3.1, 4.1, 4.3), and with `config` adds it to
 * those settings.
 * @throws SetupError in one clear sentence when the payload is none, or when the settings would become wrong; then
 * no file was changed.
 */
export async function importProfile(options: ImportOptions, input: Input): Promise<Imported> {
  const { config, replace = false } = options;
  if (replace && config === undefined) throw new SetupError('--replace goes with --config');
  const key = options.sshKey === undefined ? undefined : publicKeyIn(options.sshKey);
  const payload = await readPayload(options.payload, input);
  const kind = kindOf(payload);
  const withKey = key === undefined ? payload : withPublicKey(payload, kind, key);
  const swept = sweep(withKey, kind, {
    keepIds: options.keepIds ?? false,
    ...(key === undefined ? {} : { key }),
  });
  const name = options.name ?? defaultNames[kind];
  const make = (platform: string): Profile => profileOf(payload, kind, platform, swept.template);
  const notes = (profile: Profile, from: { platform: boolean; old?: string[] }) =>
    report({
      kind,
      name,
      profile,
      swept,
      guessed: { name: options.name === undefined, platform: from.platform },
      ...(from.old === undefined ? {} : { old: from.old }),
    });

  if (config === undefined) {
    const profile = make(options.platform ?? defaultPlatform);
    const problems = problemsOf(name, profile);
    return {
      out: blockText(name, profile),
      notes: notes(profile, { platform: options.platform === undefined }),
      ...(problems === undefined ? {} : { problems }),
    };
  }
  return withLock(config, () => {
    const settings = openSettings(config);
    const profile = make(options.platform ?? platformIn(settings));
    const old = putProfile(settings, name, profile, replace, options.platform !== undefined);
    const text = checkedSettings(settings, name, swept.template);
    applyChanges([{ path: config, text }]);
    return {
      out: `${config}: profile ${name} ${old === undefined ? 'added' : 'has a new template'}\n`,
      notes: notes(profile, {
        platform: options.platform === undefined,
        ...(old === undefined ? {} : { old }),
      }),
    };
  });
}

/** Checks by the provisioner's own rules, in settings that have nothing else in them. */
function problemsOf(name: string, profile: Profile): SetupError | undefined {
  try {
    checkYaml(settingsAround(name, profile), 'the profile', settingsSchema);
    return undefined;
  } catch (error) {
    return new SetupError(messageOf(error));
  }
}
