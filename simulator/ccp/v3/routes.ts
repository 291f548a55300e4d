/**
 * The table of v3, in the order of the reference. Subnets are still those of v2; `/env` is v2 only, here the
 * kubeconfig is in the cluster's record.
 */
import { v3ErrorAnswer } from '../errors.ts';
import type { PlatformState } from '../platform-state.ts';
import { type Api, type Route, route } from '../router.ts';
import * as addOns from './addons.ts';
import * as clusters from './clusters.ts';
import { type Infrastructure, lookUps, makeInfrastructure } from './infrastructure.ts';
import * as nodeGroups from './node-groups.ts';
import * as system from './system.ts';

export function v3Api(lab: PlatformState): Api {
  const infra = makeInfrastructure(lab);
  const { aciProfiles } = infra;
  const one = '/v3/clusters/{id}';
  return {
    prefix: '/v3/',
    guard: call => system.guard(lab, call),
    errorAnswer: v3ErrorAnswer,
    routes: [
      // Without a slash by all clients (GO3, MLA, ANS, CAS); that it does with one too is assumed.
      route('POST', '/v3/system/login', call => system.login(lab, call), true),

      route('GET', '/v3/clusters/', () => clusters.list(lab)),
      route('POST', '/v3/clusters/', call => clusters.create(lab, infra, call)),
      route('GET', `${one}/`, call => clusters.read(lab, call)),
      route('PATCH', `${one}/`, call => clusters.change(lab, call)),
      route('DELETE', `${one}/`, call => clusters.remove(lab, call)),

      ...groupRoutes(lab, `${one}/node-groups/`),
      ...groupRoutes(lab, `${one}/node-pools/`),

      route('GET', `${one}/catalog/`, call => addOns.offers(lab, call)),
      route('GET', `${one}/addons/`, call => addOns.list(lab, call)),
      route('POST', `${one}/addons/`, call => addOns.install(lab, call)),
      route('DELETE', `${one}/addons/{name}/`, call => addOns.remove(lab, call)),

      ...providerRoutes(infra),

      route('GET', '/v3/aci-profiles/', () => aciProfiles.list()),
      route('POST', '/v3/aci-profiles/', call => aciProfiles.add(call)),
      route('PATCH', '/v3/aci-profiles/{id}/', call => aciProfiles.change(call)),
      route('DELETE', '/v3/aci-profiles/{id}/', call => aciProfiles.remove(call)),
    ],
  };
}

function groupRoutes(lab: PlatformState, groups: string): Route[] {
  return [
    route('GET', groups, call => nodeGroups.list(lab, call)),
    route('POST', groups, call => nodeGroups.add(lab, call)),
    route('PATCH', `${groups}{name}/`, call => nodeGroups.scale(lab, call)),
    route('DELETE', `${groups}{name}/`, call => nodeGroups.remove(lab, call)),
  ];
}

function providerRoutes(infra: Infrastructure): Route[] {
  const { providers } = infra;
  const { datacenters, clusters, networks, datastores, vms, resourcePools, gpus } = lookUps(infra);
  const one = '/v3/providers/{id}';
  return [
    route('GET', '/v3/providers/', () => providers.list()),
    route('POST', '/v3/providers/', call => providers.add(call)),
    route('GET', `${one}/`, call => providers.read(call)),
    route('PATCH', `${one}/`, call => providers.change(call)),
    route('DELETE', `${one}/`, call => providers.remove(call)),
    route('GET', `${one}/datacenters/`, datacenters),
    route('GET', `${one}/clusters/`, clusters),
    route('GET', `${one}/networks/`, networks),
    route('GET', `${one}/datastores/`, datastores),
    route('GET', `${one}/vms/`, vms),
    route('GET', `${one}/resource-pools/`, resourcePools),
    route('GET', `${one}/gpus/`, gpus),
  ];
}
