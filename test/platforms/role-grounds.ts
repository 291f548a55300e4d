/** Where a Role can be tried: a user with these rights and no others. */
import { credentialsOf } from '../../provisioner/src/kubernetes/kubeconfig.ts';
import { assetsFolder } from '../kubernetes/real-api-server.ts';
import { type Backend, Caller } from './kube-caller.ts';
import { type Management, type RealServer, simulatedLab, startRealServer } from './management.ts';

/** Of a Role. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

export interface Ground {
  management: Management;
  /** Resolves, when it holds, with the way in of somebody who may do this in the namespace, and what everybody may. */
  grant(rules: readonly Rule[]): Promise<Backend>;
  close(): Promise<void>;
}

/** Without `start` where it cannot run, and then the name says why. */
export const grounds: readonly { name: string; start?: () => Promise<Ground> }[] = [
  { name: 'the simulator', start: simulatedGround },
  realGround(),
];

async function simulatedGround(): Promise<Ground> {
  const { management, simulator } = await simulatedLab('v1beta2', 2_000);
  let count = 0;
  return {
    management,
    grant: async rules => {
      const token = simulator.addAccount({ name: `provisioner-${++count}`, rules });
      return { ...management.backend, token };
    },
    close: () => management.close(),
  };
}

function realGround() {
  const assets = assetsFolder();
  const name = 'a real kube-apiserver with RBAC';
  if (assets === undefined) return { name: `${name} (KUBEBUILDER_ASSETS names none)` };
  return {
    name,
    start: async () => {
      const real = await startRealServer(assets, 'v1beta2');
      const management = await real.management({ stepMs: 20 });
      return groundOn(real, management);
    },
  };
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const review = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

async function groundOn(real: RealServer, management: Management): Promise<Ground> {
  const { namespace, caller } = management;
  const { token = '' } = credentialsOf(real.server.strangerKubeconfig);
  const backend = { ...real.backend, token };
  const stranger = new Caller(backend);
  const roles = `${rbac}/namespaces/${namespace}/roles`;
  const name = 'provisioner';
  await caller.must('POST', roles, { metadata: { name }, rules: [] });
  await caller.must('POST', `${rbac}/namespaces/${namespace}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'stranger' }],
  });
  let before: readonly Rule[] = [];
  const may = async (rule: Rule) => {
    const [group = '', resource = '', verb = ''] = [rule.apiGroups[0], rule.resources[0], rule.verbs[0]];
    const spec = { resourceAttributes: { namespace, group, resource, verb } };
    const answer = await stranger.must('POST', review, { spec });
    return answer.status?.allowed === true;
  };
  return {
    management,
    grant: async rules => {
      await caller.must('PATCH', `${roles}/${name}`, { rules });
      // The API server learns of it by a watch of its own, a moment later.
      const now = single(rules);
      for (const rule of [...single(before), ...now]) {
        const wanted = now.some(one => JSON.stringify(one) === JSON.stringify(rule));
        for (let tries = 0; (await may(rule)) !== wanted; tries++) {
          if (tries > 500) throw new Error(`still not so: ${JSON.stringify(rule)} is ${wanted}`);
          await new Promise(resolve => setTimeout(resolve, 20));
        }
      }
      before = rules;
      return backend;
    },
    close: async () => {
      await stranger.close();
      await management.close();
      await real.close();
    },
  };
}

/** Rules as single permissions. */
export function single(rules: readonly Rule[]): Rule[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap(group =>
      resources.flatMap(resource =>
        verbs.map(verb => ({ apiGroups: [group], resources: [resource], verbs: [verb] })),
      ),
    ),
  );
}
