/** What a platform misses of a template, as problems with a setting each. Pure. */
import type { Missing } from '../../provisioner/src/common/platform.ts';
import type { Problem } from './result.ts';

/** @param at the template's path in the settings. */
export function templateProblem(at: string, { setting, found, there, code }: Missing): Problem {
  const where = setting === '' ? at : `${at}.${setting}`;
  if (there !== undefined) {
    return {
      setting: where,
      found,
      expected: there === 'none' ? 'the platform has none' : `one of ${there}`,
      advice: 'name one that is there, or have it made on the platform',
    };
  }
  if (code !== 'kind') return { setting: where, found };
  return {
    setting: where,
    found,
    expected: 'a management cluster with the provider that this template is for',
    advice:
      'install it there (clusterctl init --infrastructure …), or write the kind and version that it has',
  };
}
