/** The same users and rules as Mosquitto 2.0 wants them: a password file, an access file, and a configuration. */
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { refusal } from '../../relay/src/auth/access.ts';
import type { User, Users } from '../../relay/src/auth/users.ts';
import { defaultLimits } from '../../relay/src/limits/limits.ts';

/** As mosquitto_passwd 2.0 writes them: `$7$` is PBKDF2 with HMAC-SHA512. */
const saltBytes = 12;
const hashBytes = 64;

/** mosquitto_passwd's own figure. A machine's key of 256 random bits needs none at all. */
const keyIterations = 101;
/** One line of a password file, without its end. */
export function passwordLine(name: string, password: string, iterations: number): string {
  const salt = randomBytes(saltBytes);
  const hash = pbkdf2Sync(password, salt, iterations, hashBytes, 'sha512');
  return `${name}:$7$${iterations}$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** The password file: those users whose password is known. */
export function passwordText(users: Users, passwords: ReadonlyMap<string, string>): string {
  const lines = [...users.values()].flatMap(({ name }) => {
    const password = passwords.get(name);
    if (password === undefined) return [];
    return [passwordLine(name, password, keyIterations)];
  });
  return lines.map(line => `${line}\n`).join('');
}

const aclHead = `# Written by "dashbutton relay export mosquitto". Do not edit: export again after every enroll and revoke.
#
# What is not in here is forbidden, as in the relay. What Mosquitto does differently:
#  - It cannot refuse a retained press. One would come again with every reconnect of the provisioner, which ignores it:
#    a press number counts once.
#  - It acknowledges every subscription, wildcards too, and then delivers only what may be read.
#  - It acknowledges a publish that is forbidden, and drops it.
`;

/** The access file: for each user what relay/src/auth/access.ts grants, and nothing else. */
export function aclText(users: Users): string {
  const blocks = [...users.values()].map(user => {
    const lines = topicsOf(user, users).flatMap(topic => {
      const may = accessTo(user, topic, users);
      return may === undefined ? [] : [`topic ${may} ${topic}`];
    });
    return [`user ${user.name}`, ...lines].join('\n');
  });
  return `${[aclHead.trimEnd(), ...blocks].join('\n\n')}\n`;
}

function accessTo(user: User, topic: string, users: Users): string | undefined {
  const publish = { kind: 'publish', topic, qos: 1, retain: false, payloadBytes: 0 } as const;
  const writes = refusal(user, publish, users, 0) === undefined;
  const reads = refusal(user, { kind: 'subscribe', topic }, users, 0) === undefined;
  if (writes && reads) return 'readwrite';
  if (writes) return 'write';
  return reads ? 'read' : undefined;
}

/** Topics that may concern a user: not all of all sites, which would be the square of the users. */
function topicsOf(user: User, users: Users): string[] {
  const names =
    user.role === 'button'
      ? [user.name]
      : [...users.values()].filter(other => other.site === user.site).map(other => other.name);
  return [beaconTopic(user.site), ...names.flatMap(name => [pressTopic(name), statusTopic(name)])];
}

/** An example of a configuration, complete but for the certificate. The paths are absolute. */
export function configurationText(passwordPath: string, aclPath: string): string {
  return `# Mosquitto 2.0 as relay of the dash button. Written by "dashbutton relay export mosquitto" as an example.
per_listener_settings false

listener 1883
# For the open internet, instead: TLS with an RSA certificate, because the button's chip can use no other.
#listener 8883
#certfile /etc/mosquitto/certs/relay.crt
#keyfile /etc/mosquitto/certs/relay.key

# Nothing here needs QoS 2.
max_qos 1

allow_anonymous false
password_file ${passwordPath}
acl_file ${aclPath}
# So that nobody can take over another's connection by its client id.
use_username_as_clientid true

# As the relay's own limits. Mosquitto has none for guessed passwords, connections of one address or messages per
# second: put a firewall in front that has.
max_connections ${defaultLimits.connections}
max_packet_size ${defaultLimits.packetBytes}
message_size_limit ${defaultLimits.payloadBytes}

# Retained messages are published again by the provisioner when it connects.
persistence false
# Without it an answer takes 44 ms longer.
set_tcp_nodelay true
`;
}
