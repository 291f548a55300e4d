/** Topic filters with wildcards (MQTT 3.1.1 section 4.7). */

/** True for a filter that may fit more than one topic. */
export const isPattern = (filter: string): boolean => filter.includes('+') || filter.includes('#');

/** What tells whether a topic fits: + is one level, # all that follow, none included. */
export function patternOf(filter: string): (topic: string) => boolean {
  const levels = filter.split('/').map(level => {
    if (level === '+') return '[^/]*';
    return level.replace(/[.*?^${}()|[\]\\]/g, '\\$&');
  });
  const expression = levels.join('/').replace(/(^|\/)#$/, (_, slash) => (slash ? '(?:/.*)?' : '.*'));
  const fits = new RegExp(`^${expression}$`, 's');
  // [MQTT-4.7.2-1]: a filter that begins with a wildcard fits no topic of the server's own.
  const own = filter.startsWith('$');
  return topic => topic.startsWith('$') === own && fits.test(topic);
}
