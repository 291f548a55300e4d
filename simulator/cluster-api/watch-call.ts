/** A call that watches: from which version, how long, and what it is told. */
import { randomInt } from 'node:crypto';
import type { Served, TargetedCall } from './call.ts';
import { groupVersion } from './kinds.ts';
import { versionNumber, view } from './reads.ts';
import { selectorOf } from './selectors.ts';
import { isTrue } from './target.ts';
import { type Sink, Watch } from './watches.ts';

/** Without a wish of the client's, half an hour to an hour, as the real server (ms). */
const shortestMs = 30 * 60 * 1000;

/**
 * Begins a watch once its headers are to be sent: `open` sends them and gives the way to the client. Throws Refusal
 * before that.
 * @param bookmarkEveryMs the real server's is about a minute
 * @param forgotten whatever the version, its history is gone
 * @returns what to do when the client hangs up
 */
export function watchCall(
  { target, query }: TargetedCall,
  served: Served,
  bookmarkEveryMs: number,
  forgotten: boolean,
  open: () => Sink,
): () => void {
  const { store, watches } = served;
  const text = query.get('resourceVersion') ?? '';
  const from = versionNumber(text === '' ? '0' : text);
  const matches = selectorOf(query);
  const timeoutS = Number(query.get('timeoutSeconds') ?? 0);
  const own = { apiVersion: groupVersion(target.kind.group, target.version), kind: target.kind.kind };
  const sink = open();
  let silent = () => {};
  const finish = (then: () => void) => {
    silent();
    watches.delete(watch);
    then();
  };
  const watch: Watch = new Watch(
    {
      write: line => sink.write(line),
      end: () => finish(() => sink.end()),
      destroy: () => finish(() => sink.destroy()),
    },
    {
      version: from === 0 ? store.version : from,
      timeoutMs: timeoutS > 0 ? timeoutS * 1000 : shortestMs + randomInt(shortestMs),
      bookmarkEveryMs: isTrue(query.get('allowWatchBookmarks')) ? bookmarkEveryMs : 0,
      matches,
      view: object => view(object, target, served),
      bookmark: own,
    },
  );
  watches.add(watch);
  const inScope = (place: { kind: object; namespace: string }) =>
    place.kind === target.kind && (target.namespace === '' || place.namespace === target.namespace);
  if (from === 0) {
    for (const { object } of store.list(target.kind, target.namespace)) watch.initial(object);
  } else {
    const missed = forgotten ? undefined : store.since(from);
    if (missed === undefined) {
      watch.gone(`too old resource version: ${from} (${store.oldest})`);
      return () => {};
    }
    for (const change of missed) if (inScope(change.place)) watch.change(change);
    watch.pass(store.version);
  }
  silent = store.onChange(change => {
    if (inScope(change.place)) watch.change(change);
    else watch.pass(change.version);
  });
  return () => watch.cut();
}
