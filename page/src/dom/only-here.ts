/** A button is in one place at a time: the newest page of a world has it, and the one before lets go. */
export function onlyHere(world: string, begin: () => void, lost: () => void): void {
  // Pages that are not secure have no locks: then nobody watches.
  if (navigator.locks === undefined) {
    begin();
    return;
  }
  navigator.locks
    .request(`dashbutton/${world}`, { steal: true }, () => {
      begin();
      return new Promise(() => {});
    })
    .catch((error: unknown) => {
      // Somebody has taken it. Anything else is a mistake, and shows as one.
      if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
      lost();
    });
}
