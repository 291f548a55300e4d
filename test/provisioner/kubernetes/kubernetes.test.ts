/** What the provisioner does in a new cluster, on a simulated API server; real.long.test.ts has the same on a real one. */
import { simulatedCluster } from '../../fixtures/kubernetes/clusters.ts';
import { newCluster } from './fixtures/new-cluster.ts';

newCluster(simulatedCluster);
