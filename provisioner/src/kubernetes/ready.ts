/** Asks a new cluster's API server whether it is ready: the proof that stands behind the word `ready`. */
import { messageOf } from '../../../config/src/setup-error.ts';
import type { Access } from '../common/platform.ts';
import { NoAnswer } from './errors.ts';
import type { Kube } from './kube.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { kubeInto, wayInto } from './new-cluster.ts';

/**
 * GET /readyz at the very endpoint that the kubeconfig leads to, with its login. Where that is not served (404), a GET
 * of / decides, as in Cluster API's own probe.
 * @returns undefined when it is ready, else why not, in a few words. Never throws.
 */
export async function askReady(
  { kubeconfig }: Pick<Access, 'kubeconfig'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const noLogin = await whyNoLogin(kubeconfig);
    const kube = kubeInto(kubeconfig, {}, noLogin !== undefined);
    try {
      return noLogin === undefined
        ? await askAsUser(kube, signal)
        : await askAsNobody(kube, noLogin, readKubeconfig(kubeconfig).cluster.caData !== undefined, signal);
    } finally {
      await kube.close();
    }
  } catch (error) {
    return error instanceof NoAnswer ? error.why : messageOf(error);
  }
}

/** Why its user cannot or must not be used here, for example because he comes with a command. */
async function whyNoLogin(kubeconfig: string): Promise<string | undefined> {
  const { login } = wayInto(kubeconfig);
  return login.credentials().then(
    () => undefined,
    (error: Error) => error.message,
  );
}

async function askAsUser(kube: Kube, signal: AbortSignal): Promise<string | undefined> {
  const ready = await kube.ask('/readyz', signal);
  // 403: it knows who asks, and he may not know how it is.
  if (isYes(ready) || ready.status === 403) return undefined;
  if (ready.status === 401) return "the kubeconfig's login is not accepted (401)";
  if (ready.status !== 404) return said('readyz', ready);
  const root = await kube.ask('/', signal);
  return isYes(root) ? undefined : `readyz is not served, and ${said('/', root)}`;
}

/**
 * @param ownAuthority the cluster has shown a certificate of its own: then also a no is an answer of the right one. A
 *   hub with a public certificate says no to strangers for clusters that are not even there.
 */
async function askAsNobody(kube: Kube, noLogin: string, ownAuthority: boolean, signal: AbortSignal) {
  const ready = await kube.ask('/readyz', signal);
  if (isYes(ready) || (ownAuthority && [401, 403].includes(ready.status))) return undefined;
  return `${said('readyz', ready)} without a login: ${noLogin}`;
}

type Said = Awaited<ReturnType<Kube['ask']>>;

/** A page for people, as portals show it for every path, is no API server's yes. */
function isYes({ status, headers }: Said): boolean {
  return status === 200 && !String(headers['content-type'] ?? '').startsWith('text/html');
}

function said(what: string, answer: Said): string {
  return `${what} says ${answer.status}${answer.status === 200 ? ' with a page for people' : ''}`;
}
