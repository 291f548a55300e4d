/** Who gets in: the way from CONNECT to CONNACK. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthenticateError, Client, ConnectPacket } from 'aedes';
import { messageOf } from '../../../config/src/setup-error.ts';
import { addressKey } from '../limits/address.ts';
import type { Limits } from '../limits/limits.ts';
import type { MessageRate } from '../limits/message-rate.ts';
import type { ClientLog } from '../metrics/client-log.ts';
import { type Counters, countRefusal } from '../metrics/counters.ts';
import { refusal } from './access.ts';
import { Takeovers } from './takeover.ts';
import type { User, Users } from './users.ts';
import { isSame } from './users-scan.ts';
import { nobodysVerifier, verify } from './verifier.ts';

/** Return codes of CONNACK (MQTT 3.1.1 table 3.1). */
const identifierRejected = 2;
const serverUnavailable = 3;
const badUserNameOrPassword = 4;
const notAuthorized = 5;
type ReturnCode = 2 | 3 | 4 | 5;

/** A CONNECT that is not let in: its return code for the wire, its reason for log and counters. */
class LoginRefused extends Error {
  readonly returnCode: ReturnCode;
  readonly reason: string;

  constructor(returnCode: ReturnCode, reason: string) {
    super(`login refused: ${reason}`);
    this.returnCode = returnCode;
    this.reason = reason;
  }
}

/** Longest piece of what a stranger sent that goes into a log line, in characters. */
const maxLoggedLength = 40;

export interface Login {
  /** A connection has come from this address. */
  arrived(client: Client, from: string): void;
  preConnect(
    client: Client,
    packet: ConnectPacket,
    done: (error: Error | null, success: boolean) => void,
  ): void;
  authenticate(
    client: Client,
    name: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void;
  registered(client: Client): void;
  left(client: Client): void;
  /** Closes the connections of these users if they are gone, or have another verifier, role or site. Wills obey the new users. */
  usersChanged(names: ReadonlySet<string>): void;
}

/** The part of the relay that decides about logins. `users` is asked anew each time. */
export function makeLogin(
  users: () => Users,
  rate: MessageRate,
  limits: Limits,
  counters: Counters,
  log: ClientLog,
): Login {
  const takeovers = new Takeovers(limits.takeoverTimeoutMs);
  const connects = new WeakMap<Client, ConnectPacket>();
  const addresses = new WeakMap<Client, string>();
  /** As what each client was let in; first those on the way in, then those who are in. */
  const admitted = new WeakMap<Client, User>();
  const present = new Map<Client, User>();

  async function admit(
    client: Client,
    name: string | undefined,
    password: Buffer | undefined,
  ): Promise<void> {
    if (name === undefined || password === undefined) {
      throw new LoginRefused(badUserNameOrPassword, 'no-user-name-or-password');
    }
    // A client id of one's own choice could take over somebody else's connection ([MQTT-3.1.4-2]). [MQTT-3.1.3-9]
    if (client.id !== name) throw new LoginRefused(identifierRejected, 'client-id');
    const user = users().get(name);
    const isRight = verify(user?.verifier ?? nobodysVerifier, password);
    if (!user || !isRight) throw new LoginRefused(badUserNameOrPassword, 'bad-user-name-or-password');
    const will = connects.get(client)?.will;
    checkWill(user, will);
    await waitForTurn(user, will ? 2 : 1);
    if (client.closed) throw new LoginRefused(serverUnavailable, 'gone');
    const alone = await takeovers.take(name, client);
    if (!alone) throw new LoginRefused(serverUnavailable, client.closed ? 'gone' : 'taken-over');
    admitted.set(client, user);
  }

  /** A login counts in its user's rate, and its will with it: said now, or it could be said at each reconnect for nothing. */
  async function waitForTurn(user: User, weight: number): Promise<void> {
    const waitMs = rate(user, weight);
    if (waitMs === undefined) throw new LoginRefused(serverUnavailable, 'too-many-messages');
    if (waitMs === 0) return;
    counters.slowed++;
    await sleep(waitMs, undefined, { ref: false });
  }

  /** Why a client that was let in as `user` may stay no longer. */
  function changeOf(user: User): 'user-gone' | 'user-changed' | undefined {
    const now = users().get(user.name);
    if (!now) return 'user-gone';
    return isSame(now, user) ? undefined : 'user-changed';
  }

  function closeIfChanged(client: Client, user: User): void {
    const reason = changeOf(user);
    if (!reason) return;
    countRefusal(counters, reason);
    log.note('warn', user.name, { user: user.name, reason }, 'disconnected');
    client.close();
  }

  /** A will is a publish that comes later: one that would be refused then is refused now, where it can be said. */
  function checkWill(user: User, will: ConnectPacket['will']): void {
    if (!will) return;
    const { topic, qos = 0, retain = false } = will;
    const wish = { kind: 'publish', topic, qos, retain, payloadBytes: will.payload.length } as const;
    const reason = refusal(user, wish, users(), limits.payloadBytes);
    if (reason) throw new LoginRefused(notAuthorized, `will-${reason}`);
  }

  return {
    arrived: (client, from) => addresses.set(client, from),
    preConnect(client, packet, done) {
      // The relay keeps no sessions: an absent client's queue would grow without a limit, and what matters is retained
      // or sent again. CONNACK says "no session present", which every client must be ready for [MQTT-3.2.2-3].
      packet.clean = true;
      const ceilingS = limits.keepAliveCeilingS;
      packet.keepalive = Math.min(packet.keepalive || ceilingS, ceilingS);
      connects.set(client, packet);
      done(null, true);
    },
    authenticate(client, name, password, done) {
      const from = addresses.get(client) ?? '';
      admit(client, name, password)
        .finally(() => {
          connects.delete(client);
          addresses.delete(client);
        })
        .then(
          () => {
            counters.logins++;
            done(null, true);
          },
          (error: unknown) => {
            const known = error instanceof LoginRefused;
            const refused = known ? error : new LoginRefused(serverUnavailable, 'internal-error');
            countRefusal(counters, refused.reason);
            const who = {
              user: name?.slice(0, maxLoggedLength),
              clientId: client.id.slice(0, maxLoggedLength),
            };
            log.note(
              'warn',
              addressKey(from),
              { ...who, from, reason: refused.reason, ...(known ? {} : { error: messageOf(error) }) },
              'login refused',
            );
            done(refused, false);
          },
        );
    },
    registered(client) {
      takeovers.registered(client);
      const user = admitted.get(client);
      if (!user) return;
      present.set(client, user);
      // The users may have changed while it was on the way in, when there was nothing to close yet.
      closeIfChanged(client, user);
    },
    left(client) {
      present.delete(client);
      takeovers.left(client);
    },
    usersChanged(names) {
      for (const [client, user] of present) if (names.has(user.name)) closeIfChanged(client, user);
    },
  };
}
