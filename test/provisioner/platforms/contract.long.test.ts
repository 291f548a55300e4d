/** The contract of all drivers where contract.test.ts leaves it out, and on a real API server. */
import { describe } from 'vitest';
import { assetsFolder } from '../../fixtures/kubernetes/real-api-server.ts';
import { contract } from './fixtures/contract.ts';
import { realRow, simulatedRow } from './fixtures/contract-cluster-api.ts';
import { scriptRow } from './fixtures/contract-script.ts';

contract(simulatedRow('v1beta1', 'manifests'));
contract(simulatedRow('v1beta2', 'topology'));
contract(scriptRow);

const assets = assetsFolder();

describe.skipIf(assets === undefined)('on a real kube-apiserver (needs KUBEBUILDER_ASSETS)', () => {
  for (const version of ['v1beta1', 'v1beta2'] as const) {
    for (const mode of ['topology', 'manifests'] as const) contract(realRow(version, mode, assets ?? ''));
  }
});
