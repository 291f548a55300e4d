/** Something a person has to mend before a program can start. The command line prints only its message. */
export class SetupError extends Error {
  override name = 'SetupError';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `EADDRINUSE`, `ENOENT` … of a Node error, else undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
