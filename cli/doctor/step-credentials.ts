/**
 * Step 5: the relay takes the login and lets the provisioner hear all of its buttons.
 *
 * A name has one connection at the relay: to log in would throw out a provisioner that runs. So one that runs on this
 * journal is asked instead, and where that cannot be told nobody logs in.
 */
import { encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { beaconTopic, pressTopic } from '../../protocol/src/topics.ts';
import type { PartHealth } from '../../provisioner/src/health.ts';
import { at } from '../../provisioner/src/way/addresses.ts';
import { Connection, type LastWill } from '../../provisioner/src/way/connection.ts';
import { HopError } from '../../provisioner/src/way/hop-error.ts';
import type { Presence } from './presence.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import { open } from './step-relay.ts';
import type { Visit } from './visit.ts';
import { withoutHop } from './way-problems.ts';

export const runsWarning = 'a provisioner runs on this journal';

/** Our own beacon is looked for among them; presses that come meanwhile are repeated by their buttons. */
const maxHeard = 100;

/** @throws Broken. Leaves the connection in `visit.connection`. */
export async function credentials(visit: Visit): Promise<Finding> {
  const presence = await visit.presence();
  if (presence.kind !== 'none') return withoutLogin(presence, visit);
  const { relay, buttons } = visit.config;
  const connection = await logIn(visit);
  visit.connection = connection;
  const names = Object.keys(buttons);
  const refused = new Set(await connection.subscribe(names.map(pressTopic)).catch(hopProblem));
  const unknown = names.filter(name => refused.has(pressTopic(name)));
  if (unknown.length > 0) throw new Broken(unknown.map(name => unknownButton(name, visit.config.site)));
  const heard = names.length === 1 ? 'its one button' : `all ${names.length} buttons`;
  return { found: `logged in as ${relay.user}, may hear ${heard}` };
}

function withoutLogin(presence: Exclude<Presence, { kind: 'none' }>, visit: Visit): Finding {
  if (presence.kind === 'running') {
    const { relay } = presence.health;
    if (!relay.ok) throw new Broken(notConnected(relay));
    return {
      found: `the provisioner that runs is connected to the relay; its login as ${visit.config.relay.user} is left alone`,
      warnings: [
        `${runsWarning}: it says so of the settings with which it was started; buttons that the relay does not know stand in its log`,
      ],
    };
  }
  return presence.kind === 'silent'
    ? {
        skipped: true,
        found: `a provisioner seems to run, and a login would throw it out: ${presence.reason}`,
        warnings: [runsWarning],
      }
    : {
        skipped: true,
        found: `whether a provisioner runs, which a login would throw out, is not known: ${presence.reason}`,
      };
}

function notConnected(relay: PartHealth): Problem {
  const reason = relay.ok ? '' : relay.reason;
  return {
    ...loginProblem(reason),
    found: `the provisioner that runs is not connected: ${reason}`,
    advice: 'mend it and restart the provisioner; it reads its settings when it starts',
  };
}

async function logIn(visit: Visit): Promise<Connection> {
  const { relay } = visit.config;
  const stream = await open(visit, relay);
  try {
    return await Connection.open({
      stream,
      relayName: at(relay.host, relay.port),
      user: relay.user,
      password: relay.password,
      will: offline(visit),
      onMessage: (topic, payload) => {
        if (visit.heard.length < maxHeard) visit.heard.push({ topic, payload });
      },
    });
  } catch (error) {
    stream.destroy();
    return hopProblem(error);
  }
}

/** What is true while no provisioner runs. */
export function offline(visit: Visit): LastWill {
  const { site, siteKey } = visit.config;
  const topic = beaconTopic(site);
  const time = Math.floor(visit.options.now() / 1000);
  return { topic, payload: encode(keyFromBytes(siteKey), topic, { state: 'offline', time }) };
}

/** @throws Broken for what the relay said, and anything else as it is. */
export function hopProblem(error: unknown): never {
  if (!(error instanceof HopError)) throw error;
  throw new Broken({ ...loginProblem(error.message), found: withoutHop(error) });
}

/** By the advice of a refused CONNECT. */
function loginProblem(reason: string): Omit<Problem, 'found'> {
  if (/bad user name or password/.test(reason)) {
    return {
      setting: 'relay.passwordFile',
      expected: "the name and password of a provisioner in the relay's users file",
      advice: 'put the right password there, or give the provisioner a new entry in the users file',
    };
  }
  if (/not authorized/.test(reason)) {
    return {
      setting: 'site',
      expected: "the site of relay.user in the relay's users file, and the role provisioner there",
    };
  }
  if (/client id/.test(reason))
    return { setting: 'relay.user', expected: 'a name that the relay takes as client id' };
  return { setting: 'relay.url', expected: 'a relay that takes an MQTT 3.1.1 login' };
}

function unknownButton(name: string, site: string): Problem {
  return {
    setting: `buttons.${name}`,
    found: `the relay does not let the provisioner hear ${name}`,
    expected: `an entry ${name} with role button and site ${site} in the relay's users file`,
    advice: `dashbutton enroll ${name} makes one; the relay takes it within a second`,
  };
}
