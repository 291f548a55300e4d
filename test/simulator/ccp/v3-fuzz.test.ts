import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startLab } from './fixtures/ccp.ts';
import { createAndWait, loggedInV3, read, v3Calico, v3Eks } from './fixtures/v3-lab.ts';

test('random requests are answered in JSON, never with a crash, and the platform lives on', async () => {
  const lab = await startLab();
  const call = await loggedInV3(lab);
  const { id } = await createAndWait(call, v3Calico('good'));
  const good: Record<string, unknown> = { ...v3Eks('fuzz', 20), ...v3Calico('fuzz') };
  const eks: Record<string, unknown> = v3Eks('fuzz', 20);
  const field = fc.constantFrom(...Object.keys(good));
  const changes = fc.dictionary(field, fc.jsonValue(), { minKeys: 1, maxKeys: 3 });
  const bodies = fc.oneof(
    fc.string(),
    fc.json(),
    // A good body with some fields made random is what gets furthest.
    fc.tuple(fc.constantFrom(good, eks), changes).map(([base, some]) => JSON.stringify({ ...base, ...some })),
  );
  const places = fc.constantFrom<[string, string]>(
    ['POST', '/v3/system/login'],
    ['POST', '/v3/clusters/'],
    ['PATCH', `/v3/clusters/${id}/`],
    ['POST', `/v3/clusters/${id}/node-groups/`],
    ['PATCH', `/v3/clusters/${id}/node-pools/node-group/`],
    ['POST', `/v3/clusters/${id}/addons/`],
    ['POST', '/v3/providers/'],
    ['PATCH', `/v3/providers/${lab.inventory.providerEks.id}/`],
    ['POST', '/v3/aci-profiles/'],
  );
  const types = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'text/plain');
  await fc.assert(
    fc.asyncProperty(places, bodies, types, async ([method, path], body, type) => {
      const reply = await call(method, path, { body, headers: { 'content-type': type } });
      expect(reply.status).toBeLessThan(500);
      expect(reply.json()).toEqual(expect.any(Object));
    }),
    { numRuns: 300 },
  );
  await fc.assert(
    fc.asyncProperty(fc.webPath(), fc.webQueryParameters(), async (path, query) => {
      const reply = await call('GET', `/v3/clusters${path}?${query}`);
      expect(reply.status).toBeLessThan(500);
    }),
    { numRuns: 50 },
  );
  expect(await read(call, id)).toMatchObject({ name: 'good', status: 'READY' });
});
