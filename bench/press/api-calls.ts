/** Sees the provisioner's calls to the platform as they leave, through undici's own diagnostics channel. */
import { subscribe } from 'node:diagnostics_channel';

interface Sent {
  request: { method: string; path: string; body?: unknown };
}

interface Waiting {
  name: string;
  first: number | undefined;
  resolve: (seen: { first: number; create: number }) => void;
}

export class ApiCalls {
  #waiting: Waiting | undefined;

  constructor() {
    subscribe('undici:client:sendHeaders', message => this.#sent(message as Sent, performance.now()));
  }

  /** When the first call left and when the order for this cluster did, from now on. One at a time. */
  expect(name: string): Promise<{ first: number; create: number }> {
    return new Promise(resolve => {
      this.#waiting = { name, first: undefined, resolve };
    });
  }

  #sent({ request: { method, path, body } }: Sent, at: number): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    // Looks at clusters that are being built go on all the time; only a list is asked for a new press.
    if (method === 'GET' && path === '/2/clusters') waiting.first ??= at;
    if (method !== 'POST' || path !== '/2/clusters' || !String(body).includes(`"${waiting.name}"`)) return;
    this.#waiting = undefined;
    waiting.resolve({ first: waiting.first ?? at, create: at });
  }
}
