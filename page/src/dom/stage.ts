/** Where a case stands: first a rendered picture with the live display laid onto it, then the same in 3D if that can be. */

import type { PageBoard } from './board.ts';
import { onto, paint } from './glass.ts';
import type { Case3d } from './view3d.ts';

type Point = [number, number];

/** Of the rendered picture, in shares of its sides. */
export interface Still {
  display: [Point, Point, Point, Point];
  button: [Point, Point];
}

/** Degrees for each of the picture's sides that a finger crosses. */
const turnDegrees = 120;
/** No button is smaller to a thumb. */
const thumbPx = 64;

const need = <T extends Element>(root: ParentNode, selector: string): T => {
  const found = root.querySelector<T>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
};

export class Stage {
  readonly #stage: HTMLElement;
  readonly #glass: HTMLCanvasElement;
  readonly #space: HTMLCanvasElement;
  readonly #press: HTMLButtonElement;
  readonly #board: () => PageBoard | undefined;
  readonly #still: Still;
  #scene: Case3d | undefined;

  constructor(section: HTMLElement, still: Still, board: () => PageBoard | undefined) {
    this.#stage = need(section, '.stage');
    this.#glass = need(section, '.glass');
    this.#space = need(section, '.space');
    this.#press = need(section, '.press');
    this.#board = board;
    this.#still = still;
    paint(this.#glass, undefined);
    this.#listen(section.dataset.key ?? '');
    new ResizeObserver(() => this.#fit()).observe(this.#stage);
  }

  /** The canvas that has the display's picture. */
  get glass(): HTMLCanvasElement {
    return this.#glass;
  }

  repaint(): void {
    this.#scene?.repaint();
  }

  /** The button is down, or up. */
  show(pressed: boolean): void {
    this.#press.setAttribute('aria-pressed', String(pressed));
    this.#stage.classList.toggle('pressed', pressed);
    this.#scene?.press(pressed ? 1 : 0);
  }

  /** From the picture to 3D, in the same place. */
  enter(make: (canvas: HTMLCanvasElement, glass: HTMLCanvasElement) => Case3d): Case3d {
    this.#space.hidden = false;
    const scene = make(this.#space, this.#glass);
    this.#scene = scene;
    this.#stage.classList.add('solid');
    return scene;
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#stage;
    if (width === 0) return;
    const at = ([x, y]: Point): Point => [x * width, y * height];
    const [a, b, c, d] = this.#still.display;
    this.#glass.style.transform = onto(this.#glass.width, this.#glass.height, [at(a), at(b), at(c), at(d)]);
    const [[left, top], [right, bottom]] = this.#still.button.map(at) as [Point, Point];
    const wide = Math.max(thumbPx, right - left);
    const high = Math.max(thumbPx, bottom - top);
    Object.assign(this.#press.style, {
      left: `${(left + right - wide) / 2}px`,
      top: `${(top + bottom - high) / 2}px`,
      width: `${wide}px`,
      height: `${high}px`,
    });
    this.#scene?.resize();
  }

  #listen(key: string): void {
    const press = this.#press;
    const down = () => this.#board()?.down();
    const up = () => this.#board()?.up();
    press.addEventListener('pointerdown', event => {
      if (event.button !== 0) return;
      down();
      press.setPointerCapture(event.pointerId);
    });
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur'] as const)
      press.addEventListener(end, up);
    // From a tool that has neither pointer nor key.
    press.addEventListener('click', event => {
      if (event.detail !== 0) return;
      down();
      up();
    });
    press.addEventListener('contextmenu', event => event.preventDefault());
    press.addEventListener('keydown', event => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      if (!event.repeat) down();
    });
    press.addEventListener('keyup', event => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      up();
    });
    addEventListener('keydown', event => {
      if (event.key === key && !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey) down();
    });
    addEventListener('keyup', event => {
      if (event.key === key) up();
    });
    addEventListener('blur', up);
    this.#listenToTurns();
  }

  /** Whoever drags beside the button turns the case, and it turns back. */
  #listenToTurns(): void {
    const stage = this.#stage;
    let from: Point | undefined;
    stage.addEventListener('pointerdown', event => {
      if (event.target === this.#press || this.#scene === undefined) return;
      from = [event.clientX, event.clientY];
      stage.setPointerCapture(event.pointerId);
      stage.classList.add('turned');
    });
    stage.addEventListener('pointermove', event => {
      if (from === undefined) return;
      const degrees = turnDegrees / stage.clientWidth;
      this.#scene?.turn((from[0] - event.clientX) * degrees, (event.clientY - from[1]) * degrees);
      from = [event.clientX, event.clientY];
    });
    for (const end of ['pointerup', 'pointercancel'] as const) {
      stage.addEventListener(end, () => {
        if (from === undefined) return;
        from = undefined;
        stage.classList.remove('turned');
        this.#scene?.settle();
      });
    }
  }
}

export { need };
