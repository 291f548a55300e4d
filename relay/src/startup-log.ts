/** What is open to whom: one line at the start, for whoever wonders later. */
import type { Logger } from '../../config/src/log.ts';
import { isLoopback } from '../../config/src/monitor.ts';
import type { OpenAccess } from './auth/open-access.ts';
import type { Users } from './auth/users.ts';
import type { Listener } from './listeners/listeners.ts';

/** Says how many may log in through which listeners, and warns of what a stranger on the way could read or claim. */
export function logStartup(
  listeners: readonly Listener[],
  users: Users,
  log: Logger,
  open?: OpenAccess,
): void {
  const all = [...users.values()];
  const count = (role: string) => all.filter(user => user.role === role).length;
  const buttons = count('button');
  const provisioners = count('provisioner');
  const sites = new Set(all.map(({ site }) => site)).size;
  const urls = listeners.map(({ url }) => url);
  if (open) {
    log.warn(
      { listeners: urls },
      'open to EVERYBODY without a password, for every topic: for conformance tests only',
    );
    return;
  }
  const who = `${buttons} buttons and ${provisioners} provisioners of ${sites} sites may log in; nobody else gets further than CONNECT`;
  log.info({ listeners: urls, buttons, provisioners, sites }, who);
  for (const { kind, host, url, proxyProtocol } of listeners) {
    if (isLoopback(host)) continue;
    // Presses and statuses are signed, passwords are not: who reads one can keep that button silent.
    if (kind === 'mqtt') log.warn({ url }, 'plain and open to the network: passwords can be read on the way');
    if (kind === 'ws')
      log.warn({ url }, 'plain and open to the network: nobody but your reverse proxy should reach it');
    if (proxyProtocol)
      log.warn({ url }, 'believes the addresses it is told: nobody but your load balancer should reach it');
  }
}
