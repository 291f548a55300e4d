/** The body of a create on EKS: the fields of section 4.3 of the reference. Others are dropped. */
import { z } from 'zod';
import { type Cidr, overlap, parseCidr } from '../addresses.ts';
import { nameHint, nameRule } from '../body.ts';
import type { ClusterOrder } from '../cluster.ts';
import { badRequest } from '../errors.ts';
import { cidr, count, optionalText, text, uuid } from './check.ts';

/** Three of each kind, one in each availability zone (HCA). */
const subnetsOfAKind = 3;
const subnets = z.array(cidr).length(subnetsOfAKind, `must be ${subnetsOfAKind} subnets`);
/** The order does not say: with the cloud it follows from the `ami`. Assumed. */
const kubernetesVersion = '1.16.15';

export const eksSchema = z.object({
  type: z.literal('eks'),
  name: z.string().regex(nameRule, nameHint),
  description: optionalText,
  provider: uuid,
  region: text,
  ami: text,
  instance_type: text,
  worker_count: count,
  access_role_arn: text,
  ssh_keys: z.array(z.string()),
  vpc_sizing: z.object({ subnet: cidr, public_subnets: subnets, private_subnets: subnets }),
});

export type EksBody = z.output<typeof eksSchema>;

/** The order that a checked body describes. Throws Refusal (400) for subnets that do not fit. */
export function eksOrder(request: EksBody): ClusterOrder {
  const { subnet, public_subnets, private_subnets } = request.vpc_sizing;
  const vpc = read(subnet);
  const parts = [...public_subnets, ...private_subnets].map(read);
  for (const [i, part] of parts.entries()) {
    if (part.first < vpc.first || part.last > vpc.last) {
      throw badRequest(`${part.text} is not inside ${vpc.text}`, 'vpc_sizing');
    }
    const other = parts.slice(0, i).find(before => overlap(before, part));
    if (other !== undefined) throw badRequest(`${part.text} overlaps with ${other.text}`, 'vpc_sizing');
  }
  return {
    api: 'v3',
    name: request.name,
    kubernetesVersion,
    masters: 0,
    groups: [{ name: 'node-group', size: request.worker_count }],
    loadBalancers: 0,
    // Workers in the first private subnet only: assumed, and enough for a laboratory.
    network: { plugin: 'vpc', vpcCidr: vpc.text, nodeCidr: read(private_subnets[0] ?? '').text },
    request,
  };
}

/** The schema has made sure that it is one. */
function read(given: string): Cidr {
  const parsed = parseCidr(given);
  if (parsed === undefined) throw badRequest('must be IPv4 CIDRs', 'vpc_sizing');
  return parsed;
}
