import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { resolveOptions } from '../../../simulator/ccp/options.ts';
import { PlatformState } from '../../../simulator/ccp/platform-state.ts';
import { install } from '../../../simulator/ccp/v3/addons.ts';
import { type CatalogEntry, catalog } from '../../../simulator/ccp/v3/catalog.ts';
import { vsphereOrder, vsphereSchema } from '../../../simulator/ccp/v3/vsphere-body.ts';
import { addressPool } from '../../fixtures/addresses.ts';
import { startLab, until } from './fixtures/ccp.ts';
import { type Client, create, createAndWait, loggedInV3, v3Calico } from './fixtures/v3-lab.ts';

interface AddOnJson {
  name: string;
  status: { status: string; helmStatus: string; statusDetail: string; overrideHash: string };
}

async function ready(options = {}) {
  const lab = await startLab(options);
  const call = await loggedInV3(lab);
  const { id } = await createAndWait(call, v3Calico('one'));
  const base = `/v3/clusters/${id}`;
  const offers = (await call('GET', `${base}/catalog`)).json<Record<string, CatalogEntry>>();
  return { lab, call, base, offers, ...helpers(call, base) };
}

function helpers(call: Client, base: string) {
  const page = async () =>
    (await call('GET', `${base}/addons/`)).json<{ count: number; results: AddOnJson[] }>();
  return {
    page,
    install: (json: unknown) => call('POST', `${base}/addons/`, { json }),
    remove: (name: string) => call('DELETE', `${base}/addons/${name}/`),
    ended: () => until(page, ({ results }) => results.every(one => one.status.status !== 'INSTALLING')),
  };
}

test('the catalog: an object by keys, as the table of the reference has it', async () => {
  const { offers } = await ready();
  expect(Object.entries(offers).map(([key, { name, displayName }]) => [key, name, displayName])).toEqual([
    ['_ccp-monitor', 'ccp-monitor', 'Monitoring'],
    ['_ccp-efk', 'ccp-efk', 'Logging'],
    ['_ccp-kubernetes-dashboard', 'kubernetes-dashboard', 'Dashboard'],
    ['_ccp-istio-operator', 'ccp-istio-operator', 'Istio Operator'],
    ['_ccp-harbor-operator', 'ccp-harbor-operator', 'Harbor Operator'],
    ['_ccp-kubeflow', 'ccp-kubeflow', 'Kubeflow'],
    ['_ccp-hxcsi', 'ccp-hxcsi', 'HyperFlex CSI'],
  ]);
  expect(offers['_ccp-kubernetes-dashboard']?.overrideFiles).toHaveLength(1);
  expect(offers['_ccp-istio-operator']?.conflicts).toEqual(['ccp-kubeflow', 'ccp-harbor-operator']);
  expect(offers['_ccp-harbor-operator']?.conflicts).toEqual(['ccp-istio-operator']);
  expect(offers['_ccp-hxcsi']).not.toHaveProperty('namespace');
  for (const one of Object.values(offers)) expect(one.url).toMatch(/^\/opt\/ccp\/charts\/[\w.-]+\.tgz$/);
});

describe('install', () => {
  test('answered at once, INSTALLED and deployed later, then gone on request', async () => {
    const { lab, page, install, remove, ended, offers } = await ready({ speed: 80 });
    expect(await page()).toEqual({ count: 0, next: null, previous: null, results: [] });
    const reply = await install(offers['_ccp-monitor']);
    expect(reply.status).toBe(201);
    expect(reply.json()).toMatchObject({ status: { status: 'INSTALLING', versionInstalled: '' } });
    expect(lab.clusters()[0]?.addOns).toEqual([]);
    const { count, results } = await ended();
    expect(count).toBe(1);
    expect(results).toEqual([
      {
        name: 'ccp-monitor',
        namespace: 'ccp',
        displayName: 'Monitoring',
        description: expect.any(String),
        url: offers['_ccp-monitor']?.url,
        overrides: '',
        overrideFiles: [],
        conflicts: [],
        dependencies: {},
        status: {
          name: 'ccp-monitor',
          status: 'INSTALLED',
          statusDetail: '',
          helmStatus: 'deployed',
          overrideHash: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=',
          urlInstalled: offers['_ccp-monitor']?.url,
          versionInstalled: '6.1.0',
          serviceUrl: '',
        },
      },
    ]);
    expect(lab.clusters()[0]?.addOns).toEqual(['ccp-monitor']);
    expect((await install(offers['_ccp-monitor'])).status).toBe(400);
    expect((await remove('ccp-monitor')).status).toBe(204);
    expect((await remove('ccp-monitor')).status).toBe(404);
    expect(await page()).toMatchObject({ count: 0 });
  });

  test('conflicts, either way round', async () => {
    const { install, remove, offers } = await ready();
    await install(offers['_ccp-kubeflow']);
    expect((await install(offers['_ccp-istio-operator'])).json()).toHaveProperty('conflicts');
    await remove('ccp-kubeflow');
    expect((await install(offers['_ccp-istio-operator'])).status).toBe(201);
    expect((await install(offers['_ccp-harbor-operator'])).status).toBe(400);
    expect((await install(offers['_ccp-kubeflow'])).status).toBe(400);
    expect((await install(offers['_ccp-efk'])).status).toBe(201);
  });

  test('the operator first and 2 s before its dependency; back in the opposite order', async () => {
    const { install, remove, offers } = await ready({ speed: 200 });
    const operator = offers['_ccp-istio-operator'];
    const part = operator?.dependencies?.['ccp-istio-cr'];
    expect(part?.name).toBe('ccp-istio-cr');
    expect((await install(part)).json()).toHaveProperty('dependencies');
    await install(operator);
    // 2 s of the laboratory are 10 ms here.
    await until(
      () => install(part),
      reply => reply.status === 201,
    );
    expect((await remove('ccp-istio-operator')).status).toBe(400);
    expect((await remove('ccp-istio-cr')).status).toBe(204);
    expect((await remove('ccp-istio-operator')).status).toBe(204);
  });

  test('what is missing or unknown is named', async () => {
    const { install, offers } = await ready();
    expect((await install(offers['_ccp-hxcsi'])).json()).toEqual({ namespace: [expect.any(String)] });
    expect((await install({ ...offers['_ccp-hxcsi'], namespace: 'ccp' })).status).toBe(201);
    const monitor = offers['_ccp-monitor'];
    expect((await install({ ...monitor, name: 'other' })).json()).toHaveProperty('name');
    expect((await install({ ...monitor, url: '/tmp/x.tgz' })).json()).toHaveProperty('url');
    expect((await install({ ...monitor, conflicts: null })).json()).toHaveProperty('conflicts');
    const { description: _, ...bare } = { description: '', ...monitor };
    expect((await install(bare)).json()).toHaveProperty('description');
  });

  test('the hash is that of the overrides', async () => {
    const { install, offers } = await ready();
    const made = await install({ ...offers['_ccp-monitor'], overrides: 'a: 1' });
    // printf 'a: 1' | openssl dgst -sha256 -binary | base64 | tr '+/' '-_'
    expect(made.json<AddOnJson>().status.overrideHash).toBe('FsPG14Z41T05qyx6WnvEWWVntGoaVwAKLXBzNPd5uCQ=');
  });

  test('one that fails', async () => {
    const { lab, install, ended, offers } = await ready();
    lab.fail({ kind: 'addOnError', name: 'ccp-efk', message: 'no volume', times: 1 });
    await install(offers['_ccp-monitor']);
    await install(offers['_ccp-efk']);
    const { results } = await ended();
    expect(results.map(({ status }) => [status.status, status.helmStatus, status.statusDetail])).toEqual([
      ['INSTALLED', 'deployed', ''],
      ['ERROR', 'failed', 'no volume'],
    ]);
    expect(lab.clusters()[0]?.addOns).toEqual(['ccp-monitor']);
  });
});

test('an operator younger than 2 s is not enough', async () => {
  const lab = new PlatformState(resolveOptions({ speed: 1e6, addressPool: addressPool() }));
  onTestFinished(() => lab.close());
  const cluster = lab.create(vsphereOrder(vsphereSchema.parse(v3Calico('one'))));
  await cluster.finished;
  const startMs = lab.clock.nowMs();
  const nowMs = vi.spyOn(lab.clock, 'nowMs');
  const installAt = (afterMs: number, entry: unknown) => {
    nowMs.mockReturnValue(startMs + afterMs);
    const params = { id: cluster.uuid };
    const call = { method: 'POST', path: '', slash: true, query: new URLSearchParams(), remote: '' };
    return install(lab, { ...call, params, headers: {}, body: JSON.stringify(entry) }).status;
  };
  const operator = catalog['_ccp-harbor-operator'];
  const part = operator?.dependencies?.['ccp-harbor-cr'];
  expect(installAt(0, operator)).toBe(201);
  expect(() => installAt(1999, part)).toThrow(/bad request/);
  expect(installAt(2000, part)).toBe(201);
});

test('only when the cluster is ready', async () => {
  const lab = await startLab({ speed: 1 });
  const call = await loggedInV3(lab);
  const { id } = (await create(call, v3Calico('one'))).json<{ id: string }>();
  expect((await call('GET', `/v3/clusters/${id}/catalog`)).status).toBe(400);
  expect((await call('GET', `/v3/clusters/${id}/addons/`)).status).toBe(400);
  expect((await call('POST', `/v3/clusters/${id}/addons/`, { json: {} })).status).toBe(400);
  expect((await call('GET', '/v3/clusters/none/catalog')).status).toBe(404);
});
