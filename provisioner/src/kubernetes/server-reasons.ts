/**
 * Sentences of the API server and of controllers, turned so that what a person needs stands first: a display has 40
 * characters, a line of a log some hundred, and Go programs put the reason last. Pure.
 */

/** Said of what is simply not done yet: it tells nobody anything. */
const empty = [
  /status\.initialization\.\S+ is false$/,
  /not yet (?:initialized|reported)$/,
  /^\d+ available replicas, at least \d+ required/,
  /^Waiting for \S*status\.\S+ set$/,
  /^Scaling (?:up|down) from \d+ to \d+ replicas$/,
];

/** The same with its reason at the front; what stood before follows in brackets. @param room as for {@link reasonIn} */
export function reasonFirst(text: string, room: number): string {
  const { reason, rest } = reasonIn(text, room);
  return rest === '' ? reason : `${reason} (${rest})`;
}

/** @param room in characters: so much of the end is the reason, when nothing is known of how the sentence is made */
export function reasonIn(text: string, room: number): { reason: string; rest: string } {
  const silent = webhookSilent(text);
  if (silent !== undefined) return { reason: silent, rest: '' };
  const words = plain(text);
  const [, who = '', denied] = /^(.*?) denied (?:the )?request: (.+)$/.exec(words) ?? [];
  if (denied !== undefined) return { reason: reasonIn(denied, room).reason, rest: who.replace(/^.*: /, '') };
  const [known] =
    /exceeded quota: .+$/.exec(words) ?? /\.\S+: field not declared in schema/.exec(words) ?? [];
  if (known !== undefined) return { reason: known, rest: '' };
  if (words.length <= room) return { reason: words, rest: '' };
  const parts = words.split(': ');
  let tail = parts.pop() ?? '';
  while (parts.length > 0 && `${parts.at(-1)}: ${tail}`.length <= room) tail = `${parts.pop()}: ${tail}`;
  return { reason: tail, rest: parts.join(': ') };
}

/** `webhook x does not answer: …` of a sentence that says so; undefined of any other. */
export function webhookSilent(text: string): string | undefined {
  const words = text.replace(/\s+/g, ' ').trim();
  const [, name, why = ''] = /failed calling webhook "([^"]+)"(?:: (.*))?$/.exec(words) ?? [];
  if (name !== undefined) return `webhook ${name} does not answer: ${why.split(': ').at(-1)}`;
  const [, what, its = ''] = /conversion webhook for (.+?) failed: (.*)$/.exec(words) ?? [];
  if (what === undefined) return undefined;
  return `webhook that converts ${what} does not answer: ${its.split(': ').at(-1)}`;
}

/**
 * A condition's message is a tree of bullets, the reasons at its leaves: the first leaf that says something, without
 * whose it is. Empty when there is none.
 */
export function leafOf(message: string): string {
  const leaves = message
    .split('\n')
    .map(line => line.replace(/^[\s*]+/, '').trim())
    .filter(line => line !== '' && !line.endsWith(':'))
    .map(line => line.replace(/^(?:[A-Z]\w+s? [a-z0-9][\w.-]*(?:, [a-z0-9][\w.-]*)*: )/, ''));
  return leaves.find(leaf => !empty.some(pattern => pattern.test(leaf))) ?? '';
}

/** On one line, and without Cluster API's own groups, which say nothing here and are long. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/(?<=[a-zA-Z])\.(?:[a-z]+\.)?cluster\.x-k8s\.io\b/g, '');
}
