/** Certificates on EC P-256 keys: fast to make, a few milliseconds each. Nothing touches the disk. */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Begun so long ago, so that a client whose clock is days late accepts it: what else it does then is tested (ms). */
const backdatedMs = 3 * 24 * 60 * 60 * 1000;
/** kubeadm gives ten years to a certificate authority; here everything has them, nothing is ever renewed (ms). */
const lifetimeMs = 10 * 365 * 24 * 60 * 60 * 1000;

/** A certificate and its private key as PEM. */
export interface KeyPair {
  certPem: string;
  keyPem: string;
}

/** A certificate authority. `keys` signs, `subject` is its distinguished name. */
export interface Authority extends KeyPair {
  keys: webcrypto.CryptoKeyPair;
  subject: string;
}

/** A self-signed certificate authority, as kubeadm makes for a cluster. */
export async function makeAuthority(commonName: string): Promise<Authority> {
  const subject = `CN=${commonName}`;
  const keys = await makeKeys();
  const usage = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...terms(),
      name: subject,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(usage, true),
      ],
    },
    webcrypto,
  );
  return { certPem: certificate.toString('pem'), keyPem: await keyPem(keys), keys, subject };
}

/** A server's certificate for these hosts (names or IP addresses). Self-signed when no authority is given. */
export async function makeServerPair(
  commonName: string,
  hosts: readonly string[],
  authority?: Authority,
): Promise<KeyPair> {
  const names = hosts.map(value => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
  return makeLeaf(`CN=${commonName}`, [new x509.SubjectAlternativeNameExtension(names)], authority);
}

/** A client's certificate. Kubernetes reads the user from `commonName` and the group from `organization`. */
export async function makeClientPair(
  commonName: string,
  organization: string,
  authority: Authority,
): Promise<KeyPair> {
  const usage = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);
  return makeLeaf(`O=${organization}, CN=${commonName}`, [usage], authority);
}

async function makeLeaf(
  subject: string,
  extensions: x509.Extension[],
  authority?: Authority,
): Promise<KeyPair> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create(
    {
      ...terms(),
      subject,
      issuer: authority?.subject ?? subject,
      publicKey: keys.publicKey,
      signingKey: (authority?.keys ?? keys).privateKey,
      extensions,
    },
    webcrypto,
  );
  return { certPem: certificate.toString('pem'), keyPem: await keyPem(keys) };
}

function terms() {
  const now = Date.now();
  return {
    signingAlgorithm: algorithm,
    // 0x40 in front: positive and never zero, as RFC 5280 section 4.1.2.2 wants.
    serialNumber: `40${randomBytes(8).toString('hex')}`,
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + lifetimeMs),
  };
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function keyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return x509.PemConverter.encode(der, 'PRIVATE KEY');
}
