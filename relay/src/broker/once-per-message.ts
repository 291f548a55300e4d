/**
 * A client with two subscriptions that fit a message gets it once. aedes numbers messages as they come and gives a
 * client none with a lower number than it has had; but messages overtake each other inside (a retained one takes one
 * step more), and then the lower number is thrown away. Measured with QoS 0, retained and not in turns: 318 of 800 lost.
 *
 * The router calls all receivers of a message in one round, and every one of them asks at once. So it is enough to
 * remember in which round a client was last given something.
 */
import type { Aedes, Client } from 'aedes';
import type { TopicRouter } from './topic-router.ts';

/** Returns what sets this up for a new client: it stands where aedes keeps the highest number by the broker's id. */
export function oncePerMessage({ id }: Aedes, router: TopicRouter): (client: Client) => void {
  class Given {
    round = 0;
  }
  Object.defineProperty(Given.prototype, id, {
    // aedes delivers what has a higher number than this, and then sets it.
    get(this: Given) {
      return this.round === router.round ? Infinity : 0;
    },
    set(this: Given) {
      this.round = router.round;
    },
  });
  return client => void Object.assign(client, { duplicates: new Given() });
}
