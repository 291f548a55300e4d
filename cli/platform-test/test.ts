/** `dashbutton platform test` from the settings to the table. */
import { randomBytes } from 'node:crypto';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { nextFree } from '../../provisioner/src/common/cidr.ts';
import { type Platform, usedRanges } from '../../provisioner/src/common/platform.ts';
import { makePlatform } from '../../provisioner/src/platforms/kinds.ts';
import { loadConfig, type Profile } from '../../provisioner/src/settings/config.ts';
import { Trial } from './trial.ts';

export interface PlatformTestOptions {
  config: string;
  profile: string;
}

/**
 * Tells each step as a line. @param stop ends it early: what was made is removed all the same.
 * @returns how many steps were not kept. @throws SetupError when the settings cannot be used.
 */
export async function testPlatform(
  options: PlatformTestOptions,
  tell: (line: string) => void,
  stop: AbortSignal,
): Promise<number> {
  const config = loadConfig(options.config);
  const profile = config.profiles[options.profile];
  const settings = profile && config.platforms[profile.platform];
  if (profile === undefined || settings === undefined) {
    const there = Object.keys(config.profiles).join(', ') || 'none';
    throw new SetupError(`--profile ${options.profile}: there is no such profile; there is ${there}`);
  }
  const opened = new Set<Platform>();
  const open = async () => {
    const platform = await makePlatform(settings);
    opened.add(platform);
    return platform;
  };
  try {
    const range = await freeRange(await open(), profile, stop);
    // Of no button: the letters are new each time, so that an earlier run that was killed is in nobody's way.
    const name = `test-${[...randomBytes(4)].map(byte => String.fromCharCode(97 + (byte % 26))).join('')}-1`;
    tell(`${name} with ${range} on ${profile.platform}`);
    return await new Trial({ name, range, profile, open, stop }, tell).run();
  } finally {
    for (const platform of opened) await platform.close();
  }
}

async function freeRange(platform: Platform, profile: Profile, signal: AbortSignal): Promise<string> {
  const { rangePool, rangePrefix, exclude = [] } = profile;
  const used = await usedRanges(platform, signal).catch(error => {
    throw new SetupError(`${profile.platform} does not say which ranges are in use: ${messageOf(error)}`);
  });
  const range = nextFree(rangePool, rangePrefix, [...exclude, ...used]);
  if (range === undefined) throw new SetupError(`${rangePool}: no range /${rangePrefix} of it is free`);
  return range;
}
