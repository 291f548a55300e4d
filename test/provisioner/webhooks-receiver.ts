/** A receiver of webhooks on loopback, http or https: checks every signature as its own author would. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer as createHttp, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** By this machine's clock, in milliseconds. */
  atMs: number;
}

export interface Receiver {
  url: string;
  port: number;
  /** Everything that came with a good signature. */
  received: Received[];
  /** Why others were turned away. */
  refused: string[];
  /** What to answer: a status, or anything by hand. Default 204. */
  answer: number | ((response: ServerResponse, count: number) => void);
  ids(): string[];
  close(): Promise<void>;
}

export interface ReceiverOptions {
  key: Buffer;
  tls?: { cert: string; key: string };
  port?: number;
  path?: string;
}

export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { key, tls, port = 0, path = '/hook' } = options;
  const server = tls === undefined ? createHttp() : createHttps({ cert: tls.cert, key: tls.key });
  const receiver: Receiver = {
    url: '',
    port: 0,
    received: [],
    refused: [],
    answer: 204,
    ids: () => receiver.received.map(({ id }) => id),
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  server.on('request', async (request, response) => {
    const body = await text(request).catch(() => '');
    const problem =
      request.url === path ? signatureProblem(key, request.headers, body) : `path ${request.url}`;
    if (problem !== undefined) {
      receiver.refused.push(problem);
      response.writeHead(400).end();
      return;
    }
    const id = String(request.headers['webhook-id']);
    receiver.received.push({ id, headers: request.headers, body, atMs: Date.now() });
    if (typeof receiver.answer === 'number') response.writeHead(receiver.answer).end('thank you');
    else receiver.answer(response, receiver.received.length);
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  receiver.port = (server.address() as AddressInfo).port;
  receiver.url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${receiver.port}${path}`;
  return receiver;
}

/** Standard Webhooks 1.0.0, "Verifying signatures". */
function signatureProblem(key: Buffer, headers: IncomingHttpHeaders, body: string): string | undefined {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') {
    return 'a header is missing';
  }
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return `a timestamp of ${timestamp}`;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  const fits = signatures.split(' ').some(signature => {
    const [version, base64 = ''] = signature.split(',');
    const found = Buffer.from(base64, 'base64');
    return version === 'v1' && found.length === expected.length && timingSafeEqual(found, expected);
  });
  return fits ? undefined : 'a wrong signature';
}
