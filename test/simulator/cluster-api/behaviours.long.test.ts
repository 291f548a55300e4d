/** What a Kubernetes API server does, on a real one: so that the simulator's faithfulness is itself a test. */
import { describe } from 'vitest';
import { assetsFolder } from '../../fixtures/kubernetes/real-api-server.ts';
import { behaviours } from './fixtures/behaviours.ts';
import { realServer } from './fixtures/servers.ts';

const assets = assetsFolder();

describe.skipIf(assets === undefined)('a real kube-apiserver (needs KUBEBUILDER_ASSETS)', () => {
  behaviours(() => realServer(assets ?? ''));
});
