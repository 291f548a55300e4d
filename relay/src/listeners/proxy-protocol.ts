/**
 * The PROXY protocol (HAProxy, "The PROXY protocol, Versions 1 & 2"): a load balancer says in a connection's first
 * bytes whom it speaks for. Both versions of it, the line of text and the binary header.
 */
import { isIPv4, isIPv6, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A line of version 1 has at most 107 bytes, its end included (section 2.1). */
const maxLineBytes = 107;

/**
 * Longest header of version 2. The addresses have at most 216 bytes; the rest are additions (TLVs), which we skip:
 * some hundred bytes from the balancers of the big clouds, and a name from a client's certificate.
 */
export const maxHeaderBytes = 4096;

const lineStart = Buffer.from('PROXY ');
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family and transport, length. */
const fixedBytes = 16;

/** What the first bytes of a connection are. */
export type ProxyHeader =
  /** As far as they go they may be a header. */
  | { kind: 'more' }
  /** They are none, and no further byte can change that. */
  | { kind: 'bad' }
  /** A whole one of `length` bytes. No `source`: the balancer speaks for itself (a health check), or cannot say. */
  | { kind: 'whole'; length: number; source?: string };

/** Looks for a header at the beginning of `bytes`. `source` is the client's address, an IPv4 one never in IPv6 form. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, signature)) return bytes.length < fixedBytes ? { kind: 'more' } : binary(bytes);
  if (startsLike(bytes, lineStart)) return line(bytes);
  return { kind: 'bad' };
}

/** True when `bytes` begin with `start`, or are the beginning of it. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function line(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, maxLineBytes).indexOf('\r\n');
  if (end < 0) return { kind: bytes.length < maxLineBytes ? 'more' : 'bad' };
  const length = end + 2;
  const [, family, ...rest] = bytes.toString('latin1', 0, end).split(' ');
  // What stands behind UNKNOWN must be ignored.
  if (family === 'UNKNOWN') return { kind: 'whole', length };
  const [source = '', target = '', sourcePort = '', targetPort = ''] = rest;
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : () => false;
  const good = rest.length === 4 && isAddress(source) && isAddress(target);
  if (!good || !isPort(sourcePort) || !isPort(targetPort)) return { kind: 'bad' };
  return { kind: 'whole', length, source: plainAddress(source) };
}

/** Without a zone (`%eth0`), which means something on the balancer's machine alone. */
const isPlainIPv6 = (text: string): boolean => isIPv6(text) && !text.includes('%');

const isPort = (text: string): boolean => /^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65535;

function binary(bytes: Buffer): ProxyHeader {
  const [versionAndCommand, familyAndTransport] = [bytes.readUInt8(12), bytes.readUInt8(13)];
  const length = fixedBytes + bytes.readUInt16BE(14);
  const command = versionAndCommand & 0x0f;
  if (versionAndCommand >> 4 !== 2 || command > 1 || length > maxHeaderBytes) return { kind: 'bad' };
  if (bytes.length < length) return { kind: 'more' };
  // LOCAL: the balancer's own connection. Its addresses must be ignored.
  if (command === 0) return { kind: 'whole', length };
  // The upper half is the family, the lower the transport: a stream here, or nothing said.
  const addressBytes = { 17: 4, 33: 16 }[familyAndTransport];
  if (addressBytes === undefined) {
    const silent = familyAndTransport === 0x00 || familyAndTransport === 0x31;
    return silent ? { kind: 'whole', length } : { kind: 'bad' };
  }
  if (length < fixedBytes + 2 * addressBytes + 4) return { kind: 'bad' };
  const source = ipaddr.fromByteArray([...bytes.subarray(fixedBytes, fixedBytes + addressBytes)]).toString();
  return { kind: 'whole', length, source: plainAddress(source) };
}

/** The one way to write an address, so that limits per address count it once: IPv4 in IPv6 (::ffff:1.2.3.4) is IPv4. */
export function plainAddress(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}

/**
 * Reads the header off a new connection; what follows it stays in the socket. Calls back once: with the client's
 * address (undefined: the balancer's own), or with why the connection is none of ours. The caller destroys it then.
 */
export function readProxyHeader(
  socket: Socket,
  timeoutMs: number,
  onHeader: (source: string | undefined) => void,
  onRefused: (why: 'proxy-header' | 'proxy-header-late' | 'gone') => void,
): void {
  let held: Buffer = Buffer.alloc(0);
  const late = () => settle(() => onRefused('proxy-header-late'));
  const gone = () => settle(() => onRefused('gone'));
  const timer = setTimeout(late, timeoutMs);
  const settle = (then: () => void) => {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', gone).off('close', gone);
    // An error is followed by `close`, but somebody has to listen until the next owner does.
    then();
    socket.off('error', ignore);
  };
  const onReadable = () => {
    let header: ProxyHeader = { kind: 'more' };
    // One chunk at a time (Node.js 26), or all that waits (before).
    while (header.kind === 'more') {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      header = parseProxyHeader(held);
    }
    if (header.kind === 'bad') return settle(() => onRefused('proxy-header'));
    const { length, source } = header;
    const rest = held.subarray(length);
    settle(() => {
      if (rest.length > 0) socket.unshift(rest);
      onHeader(source);
    });
  };
  socket.on('error', ignore).on('readable', onReadable).on('end', gone).on('close', gone);
}

function ignore(): void {}
