/** The contract of all drivers on the simulators: both generations of CCP, both versions of Cluster API, both ways. */
import { contract } from './fixtures/contract.ts';
import { ccpRows } from './fixtures/contract-ccp.ts';
import { simulatedRow } from './fixtures/contract-cluster-api.ts';

// The other two of the four combinations, and a program, are in contract.long.test.ts.
const rows = [...ccpRows, simulatedRow('v1beta1', 'topology'), simulatedRow('v1beta2', 'manifests')];

for (const row of rows) contract(row);
