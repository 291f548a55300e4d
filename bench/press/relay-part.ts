import { once } from 'node:events';
import { silentLog } from '../../config/src/log.ts';
import { makeUsers } from '../../relay/src/auth/users.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { noRates } from '../no-rates.ts';

const [{ users }] = await once(process, 'message');
const logins = makeUsers(users);
const relay = await startRelay({
  host: '127.0.0.1',
  port: 0,
  users: logins,
  log: silentLog,
  limits: noRates,
});
process.send?.({ url: relay.url, port: String(relay.port) });
