/** A relay as its own process, for tests that measure or overload it. Users and limits come as the first message. */
import { once } from 'node:events';
import { silentLog } from '../../config/src/log.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { makeUsers } from '../../relay/src/users.ts';

const [{ users, limits }] = await once(process, 'message');
const relay = await startRelay({
  host: '127.0.0.1',
  port: 0,
  users: makeUsers(users),
  limits,
  log: silentLog,
});
process.send?.({ port: relay.port });
process.on('message', () => process.send?.(relay.stats()));
process.once('disconnect', () => process.exit());
