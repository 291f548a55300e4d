/** The brokers side by side, each a process of its own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleParts } from './bundle.ts';
import { startChild } from './child.ts';
import { type Logins, makeCertificate, mosquittoAccess, mosquittoPasswords } from './logins.ts';
import { findMosquitto, startMosquitto } from './mosquitto.ts';

export type BrokerName = 'relay' | 'aedes' | 'mosquitto';

/** A running broker on 127.0.0.1. */
export interface Broker {
  pid: number;
  port: number;
  tlsPort: number;
  /** What a collected heap holds, in bytes. Only Node's. */
  heldBytes?(): Promise<number>;
  stop(): Promise<void>;
}

/** Those that can be measured here. */
export function brokerNames(): BrokerName[] {
  return findMosquitto() === undefined ? ['relay', 'aedes'] : ['relay', 'aedes', 'mosquitto'];
}

/** Writes the programs and what they read: users, passwords, rules, certificate. */
export async function prepareFolder(folder: string, logins: Logins): Promise<void> {
  await bundleParts(folder);
  const { cert, key } = await makeCertificate();
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });
  write('users.json', JSON.stringify(logins.users));
  write('passwords', mosquittoPasswords(logins));
  write('access', mosquittoAccess(logins));
  write('cert.pem', cert);
  write('key.pem', key);
}

/**
 * @param folder as {@link prepareFolder} left it
 * @param asDelivered the relay with the limits that it comes with, not without rates
 * @throws when it does not start.
 */
export async function startBroker(name: BrokerName, folder: string, asDelivered = false): Promise<Broker> {
  if (name === 'mosquitto') return startMosquitto(findMosquitto() ?? name, folder);
  const child = startChild(join(folder, `${name}-part.mjs`));
  const file = (of: string) => join(folder, of);
  const files = { users: file('users.json'), cert: file('cert.pem'), key: file('key.pem'), asDelivered };
  try {
    const ports = await child.ask<{ port: number; tlsPort: number }>('start', files);
    const heldBytes = async () => (await child.ask<{ heldBytes: number }>('heap')).heldBytes;
    return { pid: child.pid, ...ports, heldBytes, stop: child.stop };
  } catch (error) {
    await child.stop();
    throw error;
  }
}
