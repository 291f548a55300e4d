/** Small words of the doctor. Pure. */

/** `one press`, `3 presses`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? `one ${one}` : `${count} ${many}`;
}

/** A file's mode as chmod takes it. */
export function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}
