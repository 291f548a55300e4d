/**
 * A relay without logins and rules, for conformance tests: a suite written for any broker uses client ids, wildcards,
 * QoS 2 and sessions that ours never grants. Only `startRelay` in code can ask for it: no command and no setting does.
 */
import type { Client } from 'aedes';
import type { Limits } from '../limits/limits.ts';
import { makeMessageRate } from '../limits/message-rate.ts';
import type { Authorization } from './authorize.ts';
import type { Login } from './login.ts';
import type { AccessPolicy } from './policy.ts';
import { Takeovers } from './takeover.ts';

export interface OpenAccess {
  /** Topic filters that nobody may subscribe to: suites want to see a SUBACK that says no. */
  unheard: readonly string[];
}

/** Return codes of CONNACK (MQTT 3.1.1 table 3.1). */
const identifierRejected = 2;
const serverUnavailable = 3;

/** aedes' own topics: what is published there steers the broker. */
const reserved = '$SYS/';

/** Only who may do what differs: routing, retained messages, delivery and limits are those of every relay. */
export function openPolicy(open: OpenAccess, limits: Limits): AccessPolicy {
  return {
    login: makeOpenLogin(limits),
    authorization: makeOpenAuthorization(open),
    roleOf: () => 'provisioner',
    orphaned: () => [],
    usersChanged: () => {},
    rate: makeMessageRate(limits),
    keepsSessions: true,
  };
}

/** Everybody gets in, one connection per client id as always; a session is kept for whoever asks for one. */
function makeOpenLogin(limits: Limits): Login {
  const takeovers = new Takeovers(limits.takeoverTimeoutMs);
  const nameless = new WeakSet<Client>();
  return {
    preConnect(client, packet, done) {
      // A session needs a name of the client's own; without one aedes makes up a new one each time. [MQTT-3.1.3-8]
      if (packet.clientId === '' && !packet.clean) nameless.add(client);
      done(null, true);
    },
    authenticate(client, _name, _password, done) {
      if (nameless.has(client)) return done(refused(identifierRejected), false);
      takeovers.take(client.id, client).then(
        alone => (alone ? done(null, true) : done(refused(serverUnavailable), false)),
        () => done(refused(serverUnavailable), false),
      );
    },
    arrived: () => {},
    usersChanged: () => {},
    registered: client => takeovers.registered(client),
    left: client => takeovers.left(client),
  };
}

function refused(returnCode: 2 | 3) {
  return Object.assign(new Error('login refused'), { returnCode });
}

/** Everything is allowed but the broker's own topics. */
function makeOpenAuthorization({ unheard }: OpenAccess): Authorization {
  return {
    authorizePublish: (_, { topic }, done) =>
      done(topic.startsWith(reserved) ? new Error(`publish refused: ${reserved}`) : null),
    authorizeSubscribe: (_, subscription, done) =>
      done(null, unheard.includes(subscription.topic) ? null : subscription),
    authorizeForward: (_, packet) => packet,
  };
}
