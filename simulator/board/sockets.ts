/**
 * `require("net")` and `require("tls")` over the host's sockets, which are real.
 *
 * As the interpreter's sources and its Linux build show: `connect` throws when the host name is not found or
 * the host refuses; `write` returns false always, and throws once the socket is closed; data comes in
 * pieces of at most 536 bytes and may come before the connect callback; a socket that the other side closes or
 * resets ends with `close(false)` and no `error`, unless data was left unsent. So does a TLS handshake that fails: error
 * −8 when something had been written already, a plain `close(false)` otherwise
 * (on the interpreter that may even come instead of the connect callback).
 *
 * `write` keeps the bytes: they leave in the interpreter's idle loop (socketserver.c, socketClientConnectionsIdle), 536 a
 * round. What was written in the same turn in which the chip leaves its network, or sleeps, is lost.
 *
 * The chip blocks inside `connect` until TCP is open, refused or given up (network_esp32.c, no O_NONBLOCK), and while it
 * asks for a name: no timer, no watch and no listener of the program runs meanwhile. So it is here on a virtual clock,
 * where the call comes back when all that time is over. On the computer's clock the call comes back at once, the program's
 * events wait instead, and what the chip throws after a while arrives as `error` and `close(true)`. So does a real
 * refusal, on both clocks: it is known only later.
 */
import type { Boot } from './boot.ts';
import { ChipSocket } from './chip-socket.ts';
import { deadHostMs, deadNameServerMs, isAddress, type NetWorld, type Way } from './socket-world.ts';
import { chipFunction, chipString, surface } from './surface.ts';

/** The module object. */
export function makeNet(boot: Boot, name: 'net' | 'tls', world: NetWorld): object {
  return surface(boot, `chip.${name}`, {
    connect(options: unknown, connected: unknown) {
      if (typeof options !== 'object' || options === null) {
        boot.notSimulated(`chip.${name}.connect with anything but an object`);
      }
      const o = options as Record<string, unknown>;
      const host = chipString(boot, `${name}.connect`, o.host);
      const port = o.port;
      if (!Number.isInteger(port)) {
        boot.notSimulated(`chip.${name}.connect without a port`);
      }
      const callback = connected === undefined ? undefined : chipFunction(boot, connected);
      const way = { ...findWay(boot, world, host), port: port as number, tls: name === 'tls' };
      return new ChipSocket(boot, world, way, callback).api;
    },
  });
}

const noHost = 'Unable to locate host';
const noSocket = 'Unable to create socket';

/** The address behind a name, and whether anybody is there. Throws what the interpreter throws. */
function findWay(boot: Boot, world: NetWorld, host: string): Pick<Way, 'address' | 'dead'> {
  const { radio, hosts, troubles } = world;
  if (!isAddress(host)) {
    if (!radio.hasAddress) boot.raise(noHost, 'InternalError');
    const ms = troubles.dnsBlocksMs ?? (radio.joined ? undefined : deadNameServerMs);
    if (ms !== undefined) {
      if (boot.pass(ms, 'name')) boot.raise(noHost, 'InternalError');
      return { address: host, dead: { ms, code: -6 } };
    }
    if (troubles.dnsFails || (hosts && !Object.hasOwn(hosts, host))) boot.raise(noHost, 'InternalError');
  }
  if (!radio.hasAddress || troubles.connectRefused) boot.raise(noSocket, 'InternalError');
  const ms = troubles.connectBlocksMs ?? (radio.joined ? undefined : deadHostMs);
  if (ms !== undefined) {
    if (boot.pass(ms, 'dial')) boot.raise(noSocket, 'InternalError');
    return { address: host, dead: { ms, code: -9 } };
  }
  return { address: hosts?.[host] ?? host };
}
