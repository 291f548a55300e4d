/** Guesses a profile's pool of ranges from the one range in a captured order. A person has to confirm it. */
import ipaddr from 'ipaddr.js';
import { overlap, parseBlock } from '../../provisioner/src/common/cidr.ts';
import { detailsOf } from '../../provisioner/src/platforms/ccp/order.ts';
import { type Json, member } from './json.ts';
import { type Kind, pluginOf } from './kind.ts';

export interface RangeGuess {
  pool: string;
  prefix: number;
  /** Parts of the pool that no cluster should get. */
  exclude?: string[];
  /** One sentence: where the guess comes from, and what to look at. */
  why: string;
}

/** A guessed pool has room for so many clusters, 2 to this power: more than most labs, little of their addresses. */
const roomBits = 4;

/** What the settings take as a cluster's range, and with EKS, where it becomes a VPC of eight subnets. */
const prefixLimits = { min: 8, max: 29, minVpc: 16, maxVpc: 25 } as const;

/** Networks for private use (RFC 1918). */
const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** Docker's own network, as it comes: in the platform's machines, and often in the lab's. */
const docker = '172.17.0.0/16';

const nothingCaptured: RangeGuess = {
  pool: '172.16.0.0/12',
  prefix: 20,
  why: "the payload has no usable range: these are the example's",
};

/** The captured order's range as text; undefined when there is none. */
export function capturedRange(payload: Record<string, Json>, kind: Kind): string | undefined {
  const details: unknown = detailsOf(member(pluginOf(payload, kind), 'details'));
  const places =
    kind === 'eks'
      ? [member(member(payload, 'vpc_sizing'), 'subnet')]
      : [member(details, 'pod_cidr'), member(details, 'node_vlan_cidr'), member(payload, 'routable_cidr')];
  return places.find(range => typeof range === 'string' && parseBlock(range) !== undefined) as
    | string
    | undefined;
}

/** The prefix of the captured range, and the pool around it that has room for some clusters, without Docker's network. */
export function guessRange(payload: Record<string, Json>, kind: Kind): RangeGuess {
  const guess = guessAround(payload, kind);
  if (!overlap(guess.pool, docker)) return guess;
  // Somebody has built there, so it is not for us to refuse it.
  if (Number(guess.pool.split('/')[1]) >= 16)
    return { ...guess, why: `${guess.why}; ${docker} is Docker's own network` };
  return { ...guess, exclude: [docker], why: `${guess.why}, without Docker's own network ${docker}` };
}

function guessAround(payload: Record<string, Json>, kind: Kind): RangeGuess {
  const captured = capturedRange(payload, kind);
  if (captured === undefined) return nothingCaptured;
  const [address = '', bits = ''] = captured.split('/');
  const prefix = Number(bits);
  const [least, most] =
    kind === 'eks' ? [prefixLimits.minVpc, prefixLimits.maxVpc] : [prefixLimits.min, prefixLimits.max];
  if (prefix < least || prefix > most) {
    return {
      ...nothingCaptured,
      why: `the captured range ${captured} is not of a usable size: these are the example's`,
    };
  }
  const home = privateBlocks.find(block => isIn(address, block));
  const homePrefix = home === undefined ? prefixLimits.min : Number(home.split('/')[1]);
  if (home !== undefined && prefix <= homePrefix) return instead(captured, home, homePrefix, prefix);
  const poolPrefix = Math.max(homePrefix, prefix - roomBits);
  const pool = ipaddr.IPv4.networkAddressFromCIDR(`${address}/${poolPrefix}`).toString();
  const place = `around the captured range ${captured}, room for ${2 ** (prefix - poolPrefix)} clusters`;
  const foreign =
    home === undefined ? '; these addresses are not private ones (RFC 1918): are they yours?' : '';
  return roomOf({ pool: `${pool}/${poolPrefix}`, prefix, why: `${place}${foreign}` });
}

/** The captured range fills its whole private network: a pool needs more room, or smaller ranges. */
function instead(captured: string, home: string, homePrefix: number, prefix: number): RangeGuess {
  if (homePrefix === 16 && prefix === homePrefix) {
    const why = `the captured range ${captured} (the platform's default) is all of its private network: as a pool it is enough for one cluster, so the bigger 172.16.0.0/12 stands here, room for 15`;
    return { pool: '172.16.0.0/12', prefix, why };
  }
  const why = `the captured range ${captured} is all of its private network, or more: smaller ranges of it stand here, room for ${2 ** roomBits} clusters`;
  return { pool: home, prefix: homePrefix + roomBits, why };
}

function roomOf(guess: RangeGuess): RangeGuess {
  const poolPrefix = Number(guess.pool.split('/')[1]);
  if (guess.prefix > poolPrefix) return guess;
  return { ...guess, prefix: poolPrefix + roomBits, why: `${guess.why}, of smaller ranges` };
}

function isIn(address: string, cidr: string): boolean {
  const [network, bits] = ipaddr.IPv4.parseCIDR(cidr);
  return ipaddr.IPv4.parse(address).match(network, bits);
}
