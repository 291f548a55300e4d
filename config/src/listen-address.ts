/** `host:port` in settings: where something of ours listens. */
import { z } from 'zod';

const hint = 'expected host:port, like 127.0.0.1:9464';

/** An IPv6 address in brackets; the port from 0 to 65535. */
export const listenAddress = z
  .string()
  .regex(/^(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/i, hint)
  .refine(text => URL.canParse(`tcp://${text}`), hint);

/** @param text as {@link listenAddress} has checked it. */
export function listenAt(text: string): { host: string; port: number } {
  const { hostname, port } = new URL(`tcp://${text}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}
