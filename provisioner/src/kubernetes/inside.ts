/** All that is done in a new cluster, in one place to load it late: `@kubernetes/client-node` is large. */
export { applyManifests } from './apply.ts';
export { clientFor } from './client.ts';
export { nodesReady } from './nodes.ts';
export { fillIn } from './placeholders.ts';
