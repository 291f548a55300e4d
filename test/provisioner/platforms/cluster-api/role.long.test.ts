/** The Roles in provisioner/deploy/ where Kubernetes' own RBAC decides. */
import { describe } from 'vitest';
import { assetsFolder } from '../../../fixtures/kubernetes/real-api-server.ts';
import { roles } from '../fixtures/role.ts';
import { realGround } from '../fixtures/role-grounds.ts';

const assets = assetsFolder();

describe.skipIf(assets === undefined)('a real kube-apiserver with RBAC (needs KUBEBUILDER_ASSETS)', () => {
  roles(() => realGround(assets ?? ''));
});
