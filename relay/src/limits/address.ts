/** Whom an address stands for: what is counted "per address". */
import ipaddr from 'ipaddr.js';

/** The half of an IPv6 address that a provider gives out; the other half is free to choose (RFC 4291, section 2.5.4). */
const networkGroups = 4;

/** What is no address at all is cut to this many characters. */
const maxUnknownLength = 64;

/**
 * IPv4: the address, however it is written (`::ffff:192.0.2.1` too). IPv6: its /64, as `2001:db8:0:1::/64`, because
 * whoever has one address there has all 2^64. Anything else: the text itself.
 */
export function addressKey(from: string): string {
  if (!ipaddr.isValid(from)) return from.slice(0, maxUnknownLength);
  const address = ipaddr.process(from);
  if (address.kind() === 'ipv4') return address.toString();
  const groups = (address as ipaddr.IPv6).parts.slice(0, networkGroups);
  return `${groups.map(group => group.toString(16)).join(':')}::/64`;
}
