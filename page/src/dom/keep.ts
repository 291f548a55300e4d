/** What a page keeps of a button: its flash, and what was left of the board when it went to sleep. In the browser's local storage. */
import type { Frozen } from '../../../simulator/board/asleep.ts';

const prefix = 'dashbutton/';

/** Who this button is, and its key: given at each beginning, never kept. */
export const deviceFile = 'device.json';

interface Kept {
  files: Record<string, string>;
  frozen?: Frozen;
  awake: boolean;
  pressedAt?: number;
}

export class Keep implements Kept {
  files: Record<string, string> = {};
  frozen?: Frozen;
  /** Its program runs. */
  awake = false;
  pressedAt?: number;
  readonly #key: string;

  /** Forgets all that is of other worlds: their relays and keys are gone. */
  constructor(world: string, button: string) {
    this.#key = `${prefix}${world}/${button}`;
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(prefix) && !key.startsWith(`${prefix}${world}/`)) localStorage.removeItem(key);
    }
    const text = localStorage.getItem(this.#key);
    if (text !== null) Object.assign(this, JSON.parse(text) as Kept);
  }

  save(): void {
    // Its key, which the demo gives again.
    const { [deviceFile]: _, ...files } = this.files;
    const { frozen, awake, pressedAt } = this;
    try {
      localStorage.setItem(this.#key, JSON.stringify({ files, frozen, awake, pressedAt }));
    } catch {
      // No room, or not allowed: it lives as long as its page.
    }
  }
}
