/** The platform's lines about a template, as problems with a setting each. Pure. */
import type { Problem } from './result.ts';

/**
 * @param at the template's path in the settings; @param lines of {@link Platform.missing}, like
 * `datastore: there is no x; there is y`, `variables.region: the class requires it`, or words of the platform.
 */
export function templateProblems(at: string, lines: readonly string[]): Problem[] {
  return lines.map(line => {
    const [, setting, found, expected] =
      /^([\w.-]+): (there is no .*?)(?:; there is (.*))?$/.exec(line) ?? [];
    if (setting === undefined || found === undefined) return inOwnWords(at, line);
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

function inOwnWords(at: string, line: string): Problem {
  const [, setting, words] = /^([a-z][\w-]*(?:\.[\w-]+)+): (.+)$/.exec(line) ?? [];
  if (setting !== undefined && words !== undefined) return { setting: `${at}.${setting}`, found: words };
  if (/ does not serve /.test(line))
    return {
      setting: at,
      found: line,
      expected: 'a management cluster with the provider that this template is for',
      advice:
        'install it there (clusterctl init --infrastructure …), or write the kind and version that it has',
    };
  return { setting: at, found: line };
}
