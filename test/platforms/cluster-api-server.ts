/** A small HTTPS server that answers as a test wants, and ways into it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { Kube, type KubeOptions } from '../../provisioner/src/platforms/cluster-api/kube.ts';
import type { ClusterApiConfig } from '../../provisioner/src/platforms/cluster-api/settings.ts';
import { PlatformError } from '../../provisioner/src/platforms/platform.ts';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';

export const never = new AbortController().signal;

/** In every login of these tests: no message may show it. */
export const theToken = 'tokenThatNobodyMaySee';

export interface Asked {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
  /** The subject of the client's certificate. */
  client: string | undefined;
}

export interface SmallServer {
  url: string;
  ca: string;
  /** All requests so far. */
  asked: Asked[];
  /** Into it by a kubeconfig with {@link theToken}, or other user entries. */
  kubeconfig(user?: Record<string, unknown>, cluster?: Record<string, unknown>): string;
  /** A client, closed at the test's end. */
  kube(options?: KubeOptions, config?: Partial<ClusterApiConfig>): Kube;
  cutAll(): void;
}

export type Handler = (asked: Asked, response: ServerResponse) => void;

/** Ends with the test. */
export async function serve(handler: Handler, clientCa?: string): Promise<SmallServer> {
  const authority = await makeAuthority('kubernetes');
  const pair = await makeServerPair('kube-apiserver', ['127.0.0.1', 'localhost'], authority);
  const asked: Asked[] = [];
  const options = { key: pair.keyPem, cert: pair.certPem };
  const wanted = clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: false, ca: clientCa };
  const server = createServer({ ...options, ...wanted }, async (request, response) => {
    response.on('error', () => {});
    let body = '';
    for await (const chunk of request) body += chunk;
    const client =
      String((request.socket as TLSSocket).getPeerCertificate?.()?.subject?.CN ?? '') || undefined;
    const url = new URL(request.url ?? '', 'https://server');
    const one = { method: request.method ?? '', url, headers: request.headers, body, client };
    asked.push(one);
    handler(one, response);
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig: SmallServer['kubeconfig'] = (user = { token: theToken }, cluster = {}) =>
    kubeconfigOf({ server: url, 'certificate-authority-data': base64(authority.certPem), ...cluster }, user);
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });
  return {
    url,
    ca: authority.certPem,
    asked,
    kubeconfig,
    kube: (kubeOptions, config) => {
      const kube = new Kube({ access: accessOf(kubeconfig()), ...config }, kubeOptions);
      onTestFinished(() => kube.close());
      return kube;
    },
    cutAll: () => server.closeAllConnections(),
  };
}

export function kubeconfigOf(cluster: Record<string, unknown>, user: Record<string, unknown>): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fleet', cluster }],
    users: [{ name: 'somebody', user }],
    contexts: [{ name: 'fleet', context: { cluster: 'fleet', user: 'somebody' } }],
    'current-context': 'fleet',
  });
}

export function accessOf(text: string, folder = '/nowhere'): ClusterApiConfig['access'] {
  return { kind: 'kubeconfig', text, folder };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** The object with which Kubernetes says no. */
export function no(code: number, message: string, details: object = {}, reason = '') {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, details, code };
}

/** What it rejects with; that it is a PlatformError of one line without the token is checked each time. */
export async function errorOf(promise: Promise<unknown>): Promise<PlatformError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PlatformError);
  const { message } = error as PlatformError;
  expect(message).toMatch(/^[\x20-\x7e]+$/);
  expect(message).not.toContain(theToken);
  return error as PlatformError;
}

/** Waits until it is true; fails after `limitMs`. */
export async function until(what: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const everyMs = 10;
  for (let leftMs = limitMs; leftMs > 0; leftMs -= everyMs) {
    if (await what()) return;
    await new Promise(resolve => setTimeout(resolve, everyMs));
  }
  throw new Error(`not within ${limitMs} ms: ${what}`);
}
