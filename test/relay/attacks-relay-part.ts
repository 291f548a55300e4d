/** The child's side of apart-relay.ts: a relay in a process of its own, so that what kills it kills no test. */
import { once } from 'node:events';
import { silentLog } from '../../config/src/log.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { makeUsers } from '../../relay/src/users.ts';

const [{ users, limits }] = await once(process, 'message');
const relay = await startRelay({
  host: '127.0.0.1',
  port: 0,
  users: makeUsers(users),
  log: silentLog,
  limits,
});
process.on('message', () => {
  process.send?.({ stats: relay.stats(), memoryBytes: process.memoryUsage().rss });
});
process.on('disconnect', () => process.exit());
process.send?.({ host: relay.host, port: relay.port, url: relay.url });
