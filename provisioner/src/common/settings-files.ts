/** How a platform's settings get at the files they name. */

/** No reader throws: what is wrong is collected and something empty comes back, so that three missing files are three lines. */
export interface SettingsFiles {
  /** The absolute path of a file that the settings name. */
  path(file: string): string;
  /** The whole file, at most 1 MiB. @param what the setting's name, for the message. */
  text(file: string, what: string): string;
  /** The one line of a secret file. */
  secret(file: string, what: string): string;
  /** PEM with at least one certificate. */
  pem(file: string, what: string): string;
  /**
   * What `get` returns; when it throws, its message is collected and `fallback` comes back instead.
   * @param setting what it is about, where the error does not say so itself.
   */
  collect<T>(get: () => T, fallback: T, setting: string): T;
}
