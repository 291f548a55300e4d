/** Who takes part: the same names and the same password at all brokers. */
import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { User } from '../../relay/src/auth/users.ts';
import { makeVerifier } from '../../relay/src/auth/verifier.ts';
import type { Sizes } from './sizes.ts';

/** Button and provisioner `i` of the pairs, each pair on a site of its own. */
export const pairButton = (i: number): string => `button-${i}`;
export const pairProvisioner = (i: number): string => `lab-${i}`;
/** The buttons that all send to one provisioner. */
export const crowdButton = (i: number): string => `crowd-${i}`;
export const crowdProvisioner = 'hall';
/** Buttons that only connect. */
export const idleButton = (i: number): string => `idle-${i}`;
const idleSite = 'nowhere';

export interface Logins {
  users: User[];
  password: string;
}

export function makeLogins(sizes: Sizes): Logins {
  // As `dashbutton enroll` makes them: 256 random bits.
  const password = randomBytes(32).toString('base64');
  const verifier = makeVerifier(password);
  const many = (count: number, make: (i: number) => User[]) =>
    Array.from({ length: count }, (_, i) => make(i));
  const pairs = Math.max(...sizes.latencyPairs, sizes.tlsPairs, sizes.floodPairs);
  const users = [
    ...many(pairs, i => {
      const site = pairProvisioner(i);
      return [
        { name: site, role: 'provisioner', site, verifier },
        { name: pairButton(i), role: 'button', site, verifier },
      ];
    }),
    [{ name: crowdProvisioner, role: 'provisioner', site: crowdProvisioner, verifier } as const],
    ...many(sizes.crowd, i => [{ name: crowdButton(i), role: 'button', site: crowdProvisioner, verifier }]),
    ...many(Math.max(sizes.idle, sizes.logins, sizes.tlsLogins), i => [
      { name: idleButton(i), role: 'button', site: idleSite, verifier },
    ]),
  ].flat();
  return { users, password };
}

/** What a button hears. */
export function buttonTopics(name: string, site = idleSite): string[] {
  return [statusTopic(name), beaconTopic(site)];
}

/** PBKDF2 rounds of `mosquitto_passwd` when nobody asks for more. */
const mosquittoRounds = 101;
export const mosquittoHash = `PBKDF2-SHA512, ${mosquittoRounds} rounds, the default of mosquitto_passwd`;

/** The same users as a password file of Mosquitto 2.0: `name:$7$rounds$salt$hash`. */
export function mosquittoPasswords({ users, password }: Logins): string {
  const salt = createHash('sha256').update(password).digest().subarray(0, 12);
  const hash = pbkdf2Sync(password, salt, mosquittoRounds, 64, 'sha512');
  const secret = `$7$${mosquittoRounds}$${salt.toString('base64')}$${hash.toString('base64')}`;
  return users.map(({ name }) => `${name}:${secret}\n`).join('');
}

/** The same rules as an access file of Mosquitto. %u is the user's name. */
export function mosquittoAccess({ users }: Logins): string {
  const buttons = ['press', 'status'].map(
    topic => `pattern ${topic === 'press' ? 'write' : 'read'} dashbutton/v1/buttons/%u/${topic}\n`,
  );
  const lines = users.map(({ name, role, site }) => {
    if (role === 'button') return `user ${name}\ntopic read ${beaconTopic(site)}\n`;
    const own = users.filter(user => user.role === 'button' && user.site === site);
    const presses = own.map(button => `topic read ${pressTopic(button.name)}\n`).join('');
    return `user ${name}\n${presses}`;
  });
  return [...lines, ...buttons].join('');
}

const dayMs = 24 * 60 * 60 * 1000;

/** A certificate of RSA 2048, as the buttons need it: the dearer kind for the server, and the same for all brokers. */
export async function makeCertificate(): Promise<{ cert: string; key: string }> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=127.0.0.1',
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
    },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}
