/**
 * Step 5: the relay takes the login and lets the provisioner hear all of its buttons.
 *
 * A name has one connection at the relay: to log in would throw out a provisioner that runs. So one that runs on this
 * journal is asked instead, and where that cannot be told nobody logs in.
 */
import { encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { beaconTopic, pressTopic } from '../../protocol/src/topics.ts';
import type { PartHealth } from '../../provisioner/src/health.ts';
import { at } from '../../provisioner/src/uplink/addresses.ts';
import { Connection, type LastWill } from '../../provisioner/src/uplink/connection.ts';
import { type Fault, HopError } from '../../provisioner/src/uplink/hop-error.ts';
import type { Learned } from '../../provisioner/src/uplink/quiet-limit.ts';
import type { Rival } from '../../provisioner/src/uplink/rivals.ts';
import type { Presence } from './presence.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import { hopProblem, open } from './step-relay.ts';
import type { Visit } from './visit.ts';
import { withoutHop } from './way-problems.ts';
import { eachWay, type Way } from './ways.ts';

export const runsWarning = 'a provisioner runs on this journal';

/** Our own beacon is looked for among them; presses that come meanwhile are repeated by their buttons. */
const maxHeard = 100;

/** @throws Broken. Leaves each connection in its way. */
export async function credentials(visit: Visit): Promise<Finding> {
  const presence = await visit.presence();
  return eachWay(visit.ways, way =>
    presence.kind === 'none' ? withLogin(way, visit) : withoutLogin(presence, way),
  );
}

async function withLogin(way: Way, visit: Visit): Promise<Finding> {
  const { relay } = way;
  const connection = await logIn(way, visit);
  way.connection = connection;
  const names = Object.keys(visit.config.buttons);
  const refused = new Set(
    await connection.subscribe(names.map(pressTopic)).catch(error => loginRefused(error, way)),
  );
  const unknown = names.filter(name => refused.has(pressTopic(name)));
  if (unknown.length > 0) throw new Broken(unknown.map(name => unknownButton(name, visit.config.site)));
  const heard = names.length === 1 ? 'its one button' : `all ${names.length} buttons`;
  return { found: `logged in as ${relay.user}, may hear ${heard}` };
}

async function withoutLogin(
  presence: Exclude<Presence, { kind: 'none' }>,
  { name, path, relay }: Way,
): Promise<Finding> {
  if (presence.kind === 'running') {
    const { rival } = presence.health;
    // One that was started with other settings knows nothing of this relay.
    const health = presence.health.relays[name] ?? presence.health.relay;
    if (!health.ok && rival?.first === true) throw new Broken(standsAside(health, rival, path));
    if (!health.ok) throw new Broken(notConnected(health, path));
    return {
      found: `the provisioner that runs is connected to the relay; its login as ${relay.user} is left alone`,
      warnings: [
        ...(rival === undefined ? [] : [rivalWarning(rival, path)]),
        ...quietWarning(presence.health.quiet?.[name]),
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

function quietWarning(learned: Learned | undefined): string[] {
  if (learned === undefined) return [];
  const { cutAfterS, keepAliveS } = learned;
  return [
    `connections to the relay that are quiet for ${cutAfterS} s are cut on the way: the provisioner that runs has learned to say something every ${keepAliveS} s, and learns it again after each start unless keepAliveS is below that`,
  ];
}

function notConnected(relay: PartHealth, path: string): Problem {
  const { reason = '', fault = 'refused' } = relay.ok ? {} : relay;
  return {
    ...loginProblem(fault, path),
    found: `the provisioner that runs is not connected: ${reason}`,
    advice: 'mend it: a provisioner that runs reads its settings again within a second',
  };
}

function standsAside(relay: PartHealth, { instance }: Rival, path: string): Problem {
  return {
    setting: `${path}.user`,
    found: `the provisioner that runs is not connected: ${relay.ok ? '' : relay.reason}`,
    expected: 'a login at the relay that no other provisioner uses',
    advice: `stop the other (its log says instance ${instance}), or give this one a login and a site of its own`,
  };
}

function rivalWarning({ instance, heardAt, first }: Rival, path: string): string {
  const which = first ? 'began before this one' : 'began later, and stands aside';
  return `${path}.user: another provisioner (its log says instance ${instance}) uses this login, and was heard last at ${new Date(heardAt).toISOString()}; it ${which}: stop it, or give it a login and a site of its own`;
}

async function logIn(way: Way, visit: Visit): Promise<Connection> {
  const { relay, heard } = way;
  const stream = await open(visit, way);
  try {
    return await Connection.open({
      stream,
      relayName: at(relay.host, relay.port),
      way: relay,
      user: relay.user,
      password: relay.password,
      will: offline(visit),
      onMessage: (topic, payload) => {
        if (heard.length < maxHeard) heard.push({ topic, payload });
      },
    });
  } catch (error) {
    stream.destroy();
    return loginRefused(error, way);
  }
}

/** What is true while no provisioner runs. */
export function offline(visit: Visit): LastWill {
  const { site, siteKey } = visit.config;
  const topic = beaconTopic(site);
  const time = Math.floor(visit.options.now() / 1000);
  return { topic, payload: encode(keyFromBytes(siteKey), topic, { state: 'offline', time }) };
}

/** @throws Broken for what the relay said, or its proxy, and anything else as it is. */
function loginRefused(error: unknown, way: Way): never {
  if (!(error instanceof HopError)) throw error;
  if (error.hop === 'PROXY') throw new Broken(hopProblem(error, way));
  throw new Broken({ ...loginProblem(error.fault, way.path), found: withoutHop(error) });
}

/** By the answer to CONNECT. */
function loginProblem(fault: Fault, path: string): Omit<Problem, 'found'> {
  switch (fault) {
    case 'login':
      return {
        setting: `${path}.passwordFile`,
        expected: "the name and password of a provisioner in the relay's users file",
        advice: 'put the right password there, or give the provisioner a new entry in the users file',
      };
    case 'not allowed':
      return {
        setting: 'site',
        expected: `the site of ${path}.user in the relay's users file, and the role provisioner there`,
      };
    case 'client id':
      return { setting: `${path}.user`, expected: 'a name that the relay takes as client id' };
    default:
      return { setting: `${path}.url`, expected: 'a relay that takes an MQTT 3.1.1 login' };
  }
}

function unknownButton(name: string, site: string): Problem {
  return {
    setting: `buttons.${name}`,
    found: `the relay does not let the provisioner hear ${name}`,
    expected: `an entry ${name} with role button and site ${site} in the relay's users file`,
    advice: `dashbutton enroll ${name} makes one; the relay takes it within a second`,
  };
}
