/** Where the command line finds the running provisioner: a Unix socket beside the journal. */

/** The longest path of a Unix socket in bytes: sun_path without its NUL, unix(7); less on the BSDs and macOS. */
const maxPathBytes = process.platform === 'linux' ? 107 : 103;

/** @param journal the journal's folder. */
export function controlPathOf(journal: string): string {
  return `${journal.replace(/\/+$/, '')}.sock`;
}

/** What to do about a path that is too long for a socket; undefined when it is not. */
export function tooLong(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= maxPathBytes) return undefined;
  return `${path} has ${bytes} bytes, a socket's path may have ${maxPathBytes}: choose a shorter path for journal`;
}
