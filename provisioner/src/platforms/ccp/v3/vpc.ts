/** An EKS cluster's own network (VPC) from its one range (`ccp-api`, section 4.3). Pure arithmetic. */

import { parseBlock } from '../../../common/cidr.ts';
import { PlatformError } from '../../../common/platform.ts';

/** Parts of equal size that a range is cut into: the smallest power of two that holds six subnets. */
const parts = 8;
/** One subnet of each kind for each of three availability zones. */
const perKind = 3;

/**
 * Prefixes of a range that do. Amazon takes VPCs and subnets from /16 to /28 ("VPC CIDR blocks" in its VPC user
 * guide); an eighth of a /25 is a /28.
 */
export const minVpcPrefix = 16;
export const maxVpcPrefix = 25;

export interface VpcSizing {
  subnet: string;
  public_subnets: string[];
  private_subnets: string[];
}

/**
 * The range cut into eight equal parts: the first three are public, the next three private, two stay free.
 * @param range an IPv4 CIDR, /16 to /25. @throws PlatformError (not transient) for every other one.
 */
export function vpcSizing(range: string): VpcSizing {
  const block = parseBlock(range);
  const prefix = Number(range.split('/')[1]);
  if (block === undefined || prefix < minVpcPrefix || prefix > maxVpcPrefix) {
    const message = `range ${range} is no VPC: expected /${minVpcPrefix} to /${maxVpcPrefix}`;
    throw new PlatformError(message, { transient: false });
  }
  const size = (block.last - block.first + 1) / parts;
  const subnets = Array.from({ length: 2 * perKind }, (_, index) => {
    return `${addressOf(block.first + index * size)}/${prefix + Math.log2(parts)}`;
  });
  return {
    subnet: range,
    public_subnets: subnets.slice(0, perKind),
    private_subnets: subnets.slice(perKind),
  };
}

function addressOf(value: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.');
}
