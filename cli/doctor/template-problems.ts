/** The platform's lines about a template, as problems with a setting each. Pure. */
import type { Problem } from './result.ts';

/**
 * @param at the template's path in the settings; @param lines of {@link Platform.missing}, like
 * `datastore: there is no x; there is y`.
 */
export function templateProblems(at: string, lines: readonly string[]): Problem[] {
  return lines.map(line => {
    const [, setting, found, expected] = /^([\w.]+): (there is no .*?)(?:; there is (.*))?$/.exec(line) ?? [];
    if (setting === undefined || found === undefined) return { setting: at, found: line };
    return {
      setting: `${at}.${setting}`,
      found,
      ...(expected === undefined
        ? {}
        : { expected: expected === 'none' ? 'the platform has none' : `one of ${expected}` }),
      advice: 'name one that is there, or have it made on the platform',
    };
  });
}
