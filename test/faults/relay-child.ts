/** A relay as its own process. One line of standard input says its port and users; it ends with its standard input. */
import { createInterface } from 'node:readline';
import { noRates } from '../../bench/no-rates.ts';
import { silentLog } from '../../config/src/log.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { makeUsers, type User } from '../../relay/src/users.ts';

const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit());
lines.once('line', async line => {
  const { port, users } = JSON.parse(line) as { port: number; users: User[] };
  const relay = await startRelay({
    host: '127.0.0.1',
    port,
    users: makeUsers(users),
    log: silentLog,
    limits: noRates,
  });
  process.stdout.write(`open ${relay.port}\n`);
});
