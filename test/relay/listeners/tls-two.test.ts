/** Two certificates on one port, with the intermediate of each: the chip gets RSA, everybody else EC. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../../config/src/log.ts';
import { type CertificateSource, readCertificates } from '../../../relay/src/listeners/certificates.ts';
import type { Relay } from '../../../relay/src/relay.ts';
import { until } from '../../fixtures/patience.ts';
import { makeCertificate } from '../../simulator/board/fixtures/certificates.ts';
import { relayForTest } from '../fixtures/helpers.ts';

const algorithms = {
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
  EC: { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' },
};
type Kind = keyof typeof algorithms;

/** Root, intermediate and leaf, as a public authority does it: the relay's file has the last two. */
async function makeChain(kind: Kind): Promise<{ root: string; source: CertificateSource }> {
  const signingAlgorithm = algorithms[kind];
  const make = async (name: string, issuer?: { name: string; keys: webcrypto.CryptoKeyPair }) => {
    const keys = (await webcrypto.subtle.generateKey(signingAlgorithm, true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair;
    const isLeaf = name.startsWith('relay');
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject: `CN=${name}`,
        issuer: `CN=${issuer?.name ?? name}`,
        notBefore: new Date(Date.now() - 3_600_000),
        notAfter: new Date(Date.now() + 3_600_000),
        signingAlgorithm,
        publicKey: keys.publicKey,
        signingKey: (issuer?.keys ?? keys).privateKey,
        extensions: isLeaf
          ? [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])]
          : [new x509.BasicConstraintsExtension(true, undefined, true)],
      },
      webcrypto,
    );
    return { name, keys, pem: certificate.toString('pem') };
  };
  const root = await make(`root ${kind}`);
  const middle = await make(`middle ${kind}`, root);
  const leaf = await make(`relay ${kind}`, middle);
  const key = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', leaf.keys.privateKey),
    'PRIVATE KEY',
  );
  return { root: root.pem, source: { cert: `${leaf.pem}\n${middle.pem}\n`, key } };
}

let chains: Record<Kind, Awaited<ReturnType<typeof makeChain>>>;

beforeAll(async () => {
  const [RSA, EC] = await Promise.all([makeChain('RSA'), makeChain('EC')]);
  chains = { RSA, EC };
});

/** What a real client sees: version, cipher and the name in the certificate. Its authority is checked. */
async function seen(relay: Relay, kind: Kind, options: ConnectionOptions): Promise<string> {
  const port = relay.tls?.port ?? 0;
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: chains[kind].root,
    ...options,
  });
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return `${socket.getProtocol()} ${socket.getCipher().name} ${socket.getPeerCertificate().subject.CN}`;
}

const old = { maxVersion: 'TLSv1.2' } as const;
const clients: [string, Kind, ConnectionOptions, string][] = [
  [
    'the chip',
    'RSA',
    {
      ...old,
      ciphers: 'DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256',
    },
    'TLSv1.2 AES128-GCM-SHA256 relay RSA',
  ],
  [
    "the chip's one cipher",
    'RSA',
    { ...old, ciphers: 'AES128-GCM-SHA256' },
    'TLSv1.2 AES128-GCM-SHA256 relay RSA',
  ],
  ['TLS 1.3', 'EC', {}, 'TLSv1.3 TLS_AES_128_GCM_SHA256 relay EC'],
  ['TLS 1.2', 'EC', old, 'TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 relay EC'],
  [
    'TLS 1.3 without ECDSA',
    'RSA',
    { sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' },
    'TLSv1.3 TLS_AES_128_GCM_SHA256 relay RSA',
  ],
  [
    'TLS 1.2 without ECDSA',
    'RSA',
    { ...old, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    'TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 relay RSA',
  ],
];

test.each(clients)('%s gets %s, with all that leads to its authority', async (_, kind, options, expected) => {
  // The order in the list does not matter.
  for (const order of [['RSA', 'EC'] as const, ['EC', 'RSA'] as const]) {
    const certificates = order.map(one => chains[one].source);
    const relay = await relayForTest({ tls: { port: 0, certificates } });
    expect(await seen(relay, kind, options)).toBe(expected);
  }
});

test('EC alone: the chip finds no cipher', async () => {
  const relay = await relayForTest({ tls: { port: 0, ...chains.EC.source } });
  await expect(seen(relay, 'RSA', { ...old, ciphers: 'AES128-GCM-SHA256' })).rejects.toThrow();
  await until(() => relay.stats().refused['tls-handshake'] === 1, 'the refusal');
});

test('a list that cannot be is refused before a port is open', async () => {
  const { RSA, EC } = chains;
  const crossed = { cert: RSA.source.cert, key: EC.source.key };
  const table: [CertificateSource[], string][] = [
    [[], 'TLS needs a certificate and its key'],
    [[RSA.source, crossed], 'the TLS certificate and the TLS key do not belong together'],
    [
      [RSA.source, await makeCertificate('rsa')],
      'two TLS certificates have RSA keys: there is room for one of each kind',
    ],
  ];
  for (const [sources, message] of table) {
    expect(() => readCertificates(sources, silentLog)).toThrow(message);
  }
  const none = relayForTest({ listeners: [{ kind: 'wss', port: 0 }] });
  await expect(none).rejects.toThrow('the wss listener needs a TLS certificate and its key');
});
