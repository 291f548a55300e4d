/** The display as it is wired to a board: its supply, its reset, and what an eye has last seen of it. */
import type { Host } from './host.ts';
import type { DisplayOptions } from './options.ts';
import { type Frame, type FrozenDisplay, Ssd1306 } from './ssd1306.ts';
import type { Trace } from './trace.ts';

export class Glass {
  readonly display: Ssd1306;
  readonly #trace: Trace;
  readonly #tell: (frame: Frame) => void;
  #supplied = false;
  #shown: Frame;
  #shownContrast: number;
  /** Takes back what is due. */
  #frameDue: (() => void) | undefined;
  readonly #soon: Host['soon'];

  /** @param tell gets each picture when the burst of traffic that made it is over. */
  constructor(
    { width = 128, height = 64, seed }: DisplayOptions & { seed: number },
    soon: Host['soon'],
    trace: Trace,
    tell: (frame: Frame) => void,
    unknown: (message: string) => void,
  ) {
    this.#soon = soon;
    this.#trace = trace;
    this.#tell = tell;
    this.display = new Ssd1306({ width, height, seed, unknown });
    this.#shown = this.display.frame();
    this.#shownContrast = this.display.registers.contrast;
  }

  supply(on: boolean): void {
    if (on !== this.#supplied) {
      this.#supplied = on;
      this.#trace.add({ what: 'supply', on });
    }
    this.display.setPower(on);
  }

  reset(low: boolean): void {
    this.display.setReset(low);
    this.look();
  }

  /** Notes a changed picture at once in the trace, and tells it when the burst of traffic is over. */
  look(): void {
    const frame = this.display.frame();
    const { contrast } = this.display.registers;
    const same =
      frame.on === this.#shown.on && frame.pixels.every((pixel, i) => pixel === this.#shown.pixels[i]);
    if (same && contrast === this.#shownContrast) return;
    this.#shown = frame;
    this.#shownContrast = contrast;
    const lit = frame.pixels.reduce((sum, pixel) => sum + pixel, 0);
    this.#trace.add({ what: 'pixels', lit, on: frame.on, contrast });
    if (same) return;
    this.#frameDue ??= this.#soon(() => this.flush());
  }

  freeze(): FrozenDisplay {
    return this.display.freeze();
  }

  /** It has been seen as it was. */
  thaw(frozen: FrozenDisplay): void {
    this.display.thaw(frozen);
    this.#supplied = frozen.powered;
    this.#shown = this.display.frame();
    this.#shownContrast = this.display.registers.contrast;
  }

  /** Tells now what would be told in a moment. */
  flush(): void {
    if (this.#frameDue) {
      this.#frameDue();
      this.#frameDue = undefined;
      this.#tell(this.#shown);
    }
  }
}
