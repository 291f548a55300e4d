/** Whatever JSON comes: an import answers with a profile or with a sentence, and never with a secret. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { importProfile } from '../../cli/profile/import.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { sampleV3CalicoOrder, sampleV3EksOrder } from '../../simulator/ccp/sample-order-v3.ts';
import { input, v2Payload, v2Record, v3Record } from './fixtures/profile-payloads.ts';

const rounds = 400;

/** Nothing else in a test has this word. */
const secret = 'hunter2correcthorse';

const secretField = fc.oneof(
  fc.constantFrom(
    'ssh_password',
    'harbor_admin_server_password',
    'Password',
    'apic_password',
    'token',
    'Token',
    'X-Auth-Token',
    'X-CSRFToken',
    'cookie',
    'Set-Cookie',
    'Authorization',
    'ccp_private_ssh_key',
    'privateKey',
    'kubeconfig',
    'client_secret',
    'apiKey',
    'passphrase',
  ),
  fc.stringMatching(/^[a-z_]{0,8}_password$/),
);

const secretText = fc.constantFrom(
  `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----`,
  `http://ada:${secret}@proxy.example:3128`,
  `eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiYSJ9.${secret}`,
  `Bearer ${secret}`,
  `CXAccessToken=${secret}`,
  `{"password":"${secret}"}`,
  `username=admin&password=${secret}`,
);

const field = fc.oneof(
  fc.string({ maxLength: 12, unit: 'binary' }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'type',
    'spec',
    'nodes',
    'id',
    'labels',
    'details',
    'ssh_key',
    '',
  ),
  fc.constantFrom(...Object.keys(v2Record()), ...Object.keys(v3Record())),
);

/** JSON of any shape, with the secret in some of the places where one can be. */
const { json } = fc.letrec<{ json: unknown; object: unknown }>(tie => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.jsonValue({ maxDepth: 1 }),
    secretText,
    fc.array(tie('json'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc
    .tuple(
      fc.array(fc.tuple(field, tie('json')), { maxLength: 5 }),
      fc.array(fc.tuple(secretField, secretValue()), { maxLength: 2 }),
    )
    .map(([some, more]) => Object.fromEntries([...some, ...more])),
}));

function secretValue(): fc.Arbitrary<unknown> {
  const one = fc.constant(secret);
  return fc.oneof(one, fc.array(one), fc.dictionary(fc.string({ maxLength: 5 }), one));
}

/** An order or record that is right, with other values in some places. */
const nearlyRight = fc
  .tuple(
    fc.constantFrom(v2Payload(), v2Record(), v3Record(), sampleV3CalicoOrder(), sampleV3EksOrder()),
    fc.array(fc.tuple(fc.oneof(field, secretField), json), { maxLength: 4 }),
    fc.constantFrom(undefined, 1, 'vsphere', 'eks'),
  )
  .map(([order, changes, type]) => {
    // A secret field's value is secret whatever else was drawn for it.
    const safe = changes.map(([key, value]): [string, unknown] => [key, value]);
    return { ...order, ...Object.fromEntries(safe), ...(type === undefined ? {} : { type }) };
  });

async function outputsOf(text: string, keepIds: boolean): Promise<string[]> {
  try {
    const { out, notes, problems } = await importProfile({ payload: '-', keepIds }, input(text));
    // Also with keys full of control characters, what is printed is YAML.
    expect(Object.keys(parse(`profiles:\n${out}`, { maxAliasCount: 0 }).profiles)).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
    expect(notes).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    return [out, notes, problems?.message ?? ''];
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return [error.message];
  }
}

test('any JSON, nearly right or not', async () => {
  let profiles = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(json, nearlyRight, nearlyRight), fc.boolean(), async (value, keepIds) => {
      const outputs = await outputsOf(JSON.stringify(value), keepIds);
      if (outputs.length > 1) profiles++;
      for (const output of outputs) expect(output).not.toContain(secret);
    }),
    { numRuns: rounds },
  );
  // It would be no test if all were refused.
  expect(profiles).toBeGreaterThan(rounds / 10);
});

test('any text, whole or cut off', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.nat(JSON.stringify(v2Payload()).length).map(end => JSON.stringify(v2Payload()).slice(0, end)),
  );
  await fc.assert(
    fc.asyncProperty(text, async value => {
      for (const output of await outputsOf(value, true)) expect(output).not.toContain('hunter2');
    }),
    { numRuns: rounds },
  );
});
