/**
 * The table of v2, in the order of the reference. Left out, because no client that creates clusters needs them:
 * upgrade, authz, helmcharts, localusers, rbac, ldap, license.
 */
import { errorAnswer } from '../errors.ts';
import type { PlatformState } from '../platform-state.ts';
import { type Api, route } from '../router.ts';
import * as clusters from './clusters.ts';
import * as infrastructure from './infrastructure.ts';
import * as system from './system.ts';

export function v2Api(lab: PlatformState): Api {
  const vsphere = '/2/providerclientconfigs/{uuid}/vsphere/datacenter';
  return {
    prefix: '/2/',
    guard: call => system.guard(lab, call),
    errorAnswer,
    routes: [
      route('POST', '/2/system/login', call => system.login(lab, call), true),
      route('GET', '/2/system/livenessHealth', () => system.liveness(lab)),
      route('GET', '/2/system/health', () => system.health()),

      route('GET', '/2/clusters', () => clusters.list(lab)),
      route('POST', '/2/clusters', call => clusters.create(lab, call)),
      route('GET', '/2/clusters/{name}', call => clusters.readByName(lab, call)),
      route('PUT', '/2/clusters/{uuid}', call => clusters.replace(lab, call)),
      route('PATCH', '/2/clusters/{uuid}', call => clusters.change(lab, call)),
      route('DELETE', '/2/clusters/{uuid}', call => clusters.remove(lab, call)),
      route('GET', '/2/clusters/{uuid}/health', call => clusters.health(lab, call)),
      route('GET', '/2/clusters/{uuid}/env', call => clusters.env(lab, call)),
      route('GET', '/2/clusters/{uuid}/dashboard', call => clusters.dashboard(lab, call)),

      route('GET', '/2/providerclientconfigs', () => infrastructure.providers()),
      route('GET', '/2/providerclientconfigs/{uuid}', call => infrastructure.provider(call)),
      route('GET', '/2/providerclientconfigs/{uuid}/clusters', call => clusters.listOn(lab, call)),
      route('GET', vsphere, call => infrastructure.datacenters(call)),
      route('GET', `${vsphere}/{dc}/cluster`, call => infrastructure.vsphereClusters(call)),
      route('GET', `${vsphere}/{dc}/vm`, call => infrastructure.templates(call)),
      route('GET', `${vsphere}/{dc}/network`, call => infrastructure.networks(call)),
      route('GET', `${vsphere}/{dc}/datastore`, call => infrastructure.datastores(call)),
      route('GET', `${vsphere}/{dc}/cluster/{cl}/pool`, call => infrastructure.pools(call)),
      route('GET', '/2/network_service/subnets', () => infrastructure.subnets(lab)),
      route('GET', '/2/aci_profiles', () => infrastructure.aciProfiles()),
    ],
  };
}
