/** The library's generic client, with an apply that sends exactly what stands in the manifest. */
import {
  ApiException,
  HttpMethod,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  type V1APIResource,
} from '@kubernetes/client-node';
import type { Manifest } from './manifests.ts';

/** Where objects go that name no namespace, as everywhere in Kubernetes. */
const defaultNamespace = 'default';

export class ObjectApi extends KubernetesObjectApi {
  /**
   * Server-side apply. The library's own `patch` is not used: it sends what its models know, so that a mistyped or
   * newer field would vanish without a word, and it writes names into the path in lower case.
   * @returns false when the cluster has no such kind.
   * @throws ApiException for any answer but 200 and 201, and what the HTTP library throws.
   */
  async apply(manifest: Manifest, fieldManager: string): Promise<boolean> {
    const { apiVersion, kind, metadata } = manifest;
    const resource = await this.#find(apiVersion, kind);
    // A path inside another resource (`deployments/scale`) is nothing that can be created.
    if (resource === undefined || resource.name.includes('/')) return false;
    const path = [
      this.apiVersionPath(apiVersion),
      ...(resource.namespaced ? ['namespaces', segment(metadata.namespace ?? defaultNamespace)] : []),
      resource.name,
      segment(metadata.name),
    ].join('/');
    const request = this.configuration.baseServer.makeRequestContext(path, HttpMethod.PATCH);
    request.setHeaderParam('Accept', 'application/json');
    request.setHeaderParam('Content-Type', PatchStrategy.ServerSideApply);
    request.setQueryParam('fieldManager', fieldManager);
    // A field that somebody else has set stays his: he is told of in the error.
    request.setQueryParam('force', 'false');
    request.setBody(JSON.stringify(manifest)); // JSON is YAML
    await this.requestPromise<KubernetesObject>(request, 'any');
    return true;
  }

  async #find(apiVersion: string, kind: string): Promise<V1APIResource | undefined> {
    try {
      return await this.resource(apiVersion, kind);
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) return undefined;
      throw error;
    }
  }
}

function segment(name: string): string {
  return encodeURIComponent(name);
}
