/** Sees the provisioner's calls to the platform as they leave, through undici's own diagnostics channel. */
import { subscribe } from 'node:diagnostics_channel';

interface Sent {
  request: { method: string; path: string; body?: unknown };
}

interface Waiting {
  name: string;
  resolve: (at: number) => void;
}

export class ApiCalls {
  #waiting: Waiting | undefined;

  constructor() {
    subscribe('undici:client:sendHeaders', message => this.#sent(message as Sent, performance.now()));
  }

  /** When the order for this cluster leaves, from now on. One at a time. */
  expect(name: string): Promise<number> {
    return new Promise(resolve => {
      this.#waiting = { name, resolve };
    });
  }

  #sent({ request: { method, path, body } }: Sent, at: number): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (method !== 'POST' || path !== '/2/clusters' || !String(body).includes(`"${waiting.name}"`)) return;
    this.#waiting = undefined;
    waiting.resolve(at);
  }
}
