/** What every simulated API server has in common, whoever it plays. */
import type { IncomingMessage } from 'node:http';

/** The same limit as in the real server, in bytes. */
export const maxBodyBytes = 3 * 1024 * 1024;

/** A request's body; undefined when it is longer than {@link maxBodyBytes}. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read to its end all the same: an answer in the middle of a request would be lost with the connection.
    if (bytes <= maxBodyBytes) chunks.push(chunk);
  }
  return bytes <= maxBodyBytes ? Buffer.concat(chunks).toString('utf8') : undefined;
}

/** What `/version` answers. */
export function versionOf(kubernetesVersion: string) {
  const [major = '1', minor = '0'] = kubernetesVersion.split('.');
  return {
    major,
    minor,
    gitVersion: `v${kubernetesVersion}`,
    gitTreeState: 'clean',
    platform: 'linux/amd64',
  };
}
