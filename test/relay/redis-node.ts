/**
 * One node of a relay as a process of its own, for tests that kill it. Arguments: Redis, users file, and the times
 * between nodes as JSON.
 */
import { silentLog } from '../../config/src/log.ts';
import { startRelay } from '../../relay/src/relay.ts';

const [url = '', users = '', timing = '{}'] = process.argv.slice(2);
const relay = await startRelay({
  host: '127.0.0.1',
  port: 0,
  users,
  redis: { url, timing: JSON.parse(timing) },
  log: silentLog,
});
process.stdout.write(`${relay.port}\n`);
