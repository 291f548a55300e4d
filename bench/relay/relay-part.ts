/** Our relay as anybody would run it, but for the limits that hold off a single busy neighbour. */
import { readFileSync } from 'node:fs';
import { makeLog } from '../../config/src/log.ts';
import type { User } from '../../relay/src/auth/users.ts';
import { saveProcessMemory } from '../../relay/src/broker/memory.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { noRates } from '../no-rates.ts';
import { answer, heapFacts } from './child.ts';

interface Files {
  users: string;
  cert: string;
  key: string;
  asDelivered: boolean;
}

// As `dashbutton relay` does, before anything else.
saveProcessMemory();

answer({
  start: async ({ users, cert, key, asDelivered }: Files) => {
    // Not the path of a users file: the YAML of thousands leaves megabytes of garbage, in which the first thousands of
    // connections would find room, and seem to cost nothing.
    const list: User[] = JSON.parse(readFileSync(users, 'utf8'));
    const relay = await startRelay({
      host: '127.0.0.1',
      port: 0,
      users: new Map(list.map(user => [user.name, user])),
      tls: { port: 0, cert, key },
      log: makeLog('relay'),
      ...(asDelivered ? {} : { limits: noRates }),
    });
    return { port: relay.port, tlsPort: relay.tls?.port };
  },
  heap: heapFacts,
});
