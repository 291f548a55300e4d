/** Which button a topic is of: {@link pressTopic} and {@link statusTopic} the other way round. */
import { pressTopic, statusTopic } from '../topics.ts';

/**
 * What stands where the name should be, whoever's name that is; undefined for another topic. Asked for every message:
 * its cost does not grow with the number of buttons.
 */
export const pressedButton: (topic: string) => string | undefined = readerOf(pressTopic);
export const shownButton: (topic: string) => string | undefined = readerOf(statusTopic);

function readerOf(shape: (name: string) => string): (topic: string) => string | undefined {
  const [before = '', after = ''] = shape('+').split('+');
  return topic => {
    const end = topic.length - after.length;
    if (end < before.length || !topic.startsWith(before) || !topic.endsWith(after)) return undefined;
    return topic.slice(before.length, end);
  };
}
