/** Cluster API, as the settings and the doctor know it. */
import { proxyOfEnvironment } from '../../uplink/proxy-url.ts';
import type { PlatformKind, SettingNames } from '../kind.ts';
import { readTemplate } from './check.ts';
import {
  type ClusterApiConfig,
  type ClusterApiSettings,
  clusterApiConfig,
  clusterApiSchema,
} from './settings.ts';
import { addOnProblem, clusterApiTemplateSchema, rangeProblem } from './template.ts';

/** What kubeadm gives services when nobody says otherwise. */
const usualServices = '10.96.0.0/12';

export const clusterApiKind = {
  schema: clusterApiSchema,
  templateSchema: clusterApiTemplateSchema,
  isCheckedAtStart: true,
  rangeProblem,
  addOnProblem,
  networks: ({ services, class: name }) => {
    if (typeof services === 'string') return [[services, 'services of its template']];
    // Manifests say their own; a class without it has kubeadm's.
    if (name === undefined) return [];
    return [[usualServices, "kubeadm's network of services (services of its template says another)"]];
  },
  config: clusterApiConfig,
  template: (template, { namespace }, at, range, files) =>
    readTemplate(template, at, files, namespace, range),
  secretFiles: ({ kubeconfig, tokenFile }) => [
    ...(kubeconfig === undefined ? [] : [['kubeconfig', kubeconfig] satisfies [string, string]]),
    ...(tokenFile === undefined ? [] : [['tokenFile', tokenFile] satisfies [string, string]]),
  ],
  usesEnvironment: ({ proxy }) => proxy === proxyOfEnvironment,
  settingNames: ({ access, proxy }): SettingNames => {
    const way = proxy === undefined ? 'kubeconfig' : 'proxy';
    switch (access.kind) {
      case 'kubeconfig':
        return { server: 'kubeconfig', authority: 'kubeconfig', login: 'kubeconfig', proxy: way };
      case 'in-cluster':
        return { server: 'inCluster', authority: 'inCluster', login: 'inCluster', proxy: 'proxy' };
      case 'token':
        return { server: 'server', authority: 'ca', login: 'tokenFile', proxy: 'proxy' };
    }
  },
  make: async (config, log) => {
    const { ClusterApiPlatform } = await import('./cluster-api.ts');
    return new ClusterApiPlatform(config, log === undefined ? {} : { log });
  },
} satisfies PlatformKind<ClusterApiSettings, ClusterApiConfig>;
