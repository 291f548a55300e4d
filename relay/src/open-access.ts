/**
 * A relay without logins and rules, for conformance tests: a suite written for any broker uses client ids, wildcards,
 * QoS 2 and sessions that ours never grants. Only `startRelay` in code can ask for it: no command and no setting does.
 */
import type { Client } from 'aedes';
import type { Guard } from './guard.ts';
import type { Limits } from './limits.ts';
import type { Login } from './login.ts';
import { Seats } from './seats.ts';

export interface OpenAccess {
  /** Topic filters that nobody may subscribe to: suites want to see a SUBACK that says no. */
  unheard: readonly string[];
}

/** Return codes of CONNACK (MQTT 3.1.1 table 3.1). */
const identifierRejected = 2;
const serverUnavailable = 3;

/** aedes' own topics: what is published there steers the broker. */
const reserved = '$SYS/';

/** Everybody gets in, one connection per client id as always; a session is kept for whoever asks for one. */
export function makeOpenLogin(limits: Limits): Login {
  const seats = new Seats(limits.takeoverTimeoutMs);
  const nameless = new WeakSet<Client>();
  return {
    preConnect(client, packet, done) {
      // A session needs a name of the client's own; without one aedes makes up a new one each time. [MQTT-3.1.3-8]
      if (packet.clientId === '' && !packet.clean) nameless.add(client);
      done(null, true);
    },
    authenticate(client, _name, _password, done) {
      if (nameless.has(client)) return done(refused(identifierRejected), false);
      seats.take(client.id, client).then(
        alone => (alone ? done(null, true) : done(refused(serverUnavailable), false)),
        () => done(refused(serverUnavailable), false),
      );
    },
    arrived: () => {},
    usersChanged: () => {},
    registered: client => seats.registered(client),
    left: client => seats.left(client),
  };
}

function refused(returnCode: 2 | 3) {
  return Object.assign(new Error('login refused'), { returnCode });
}

/** Everything is allowed but the broker's own topics. */
export function makeOpenGuard({ unheard }: OpenAccess): Guard {
  return {
    authorizePublish: (_, { topic }, done) =>
      done(topic.startsWith(reserved) ? new Error(`publish refused: ${reserved}`) : null),
    authorizeSubscribe: (_, subscription, done) =>
      done(null, unheard.includes(subscription.topic) ? null : subscription),
    authorizeForward: (_, packet) => packet,
  };
}
