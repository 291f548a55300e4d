/** A button of this page: its board in workers, one for each boot, and what is known of it. */
import type { Screen } from '../../../firmware/src/view.ts';
import type { Frozen } from '../../../simulator/board/asleep.ts';
import type { BoardOptions } from '../../../simulator/board/options.ts';
import type { Frame } from '../../../simulator/board/ssd1306.ts';
import type { TraceEntry } from '../../../simulator/board/trace.ts';
import { wiringOf } from '../../../simulator/board/wiring.ts';
import type { ButtonFile } from '../facts.ts';
import type { Beginning, FromWorker, Surroundings, ToWorker } from '../worker/messages.ts';
import { deviceFile, Keep } from './keep.ts';

const fullMv = 3900;
const emptyMv = 3310;
const viewMark = 'view ';
/** An hour of naps needs no more. */
const maxTrace = 20_000;

export interface PageBoardPlan {
  file: ButtonFile;
  /** The demo's own name for this start. */
  world: string;
  programUrl: string;
  programBytes: number;
  options: Partial<BoardOptions>;
  /** Something of what can be read here is new. */
  changed: () => void;
}

export class PageBoard {
  readonly name: string;
  frame: Frame | undefined;
  view: Screen | undefined;
  /** The present or the last way of a press: when its finger went down, in milliseconds since 1970. */
  pressedAt: number | undefined;
  /** Times in milliseconds since 1970. */
  trace: TraceEntry[] = [];
  /** Undefined while it is awake. */
  asleep: { untilMs: number | undefined } | undefined;
  readonly faults: string[] = [];
  readonly surroundings: Surroundings;
  readonly #plan: PageBoardPlan;
  readonly #keep: Keep;
  #worker: Worker | undefined;
  #finger = false;
  /** How often this worker was told that a finger came down. */
  #downs = 0;
  #downAt = 0;

  constructor(plan: PageBoardPlan) {
    this.#plan = plan;
    this.name = plan.file.name;
    this.surroundings = { networks: plan.file.networks, troubles: {}, batteryMv: fullMv };
    this.#keep = new Keep(plan.world, this.name);
    this.#keep.files[deviceFile] = plan.file.device;
    const { frozen, awake } = this.#keep;
    // A page that goes while the chip is awake takes its power; a look at a build in its naps can be begun again.
    const lost = awake && frozen?.asleep?.order.kind === 'pin';
    this.pressedAt = this.#keep.pressedAt;
    if (frozen) this.#sleeps(frozen);
    else this.asleep = { untilMs: undefined };
    this.#begin(frozen, { reset: lost });
  }

  get batteryMv(): number {
    return this.surroundings.batteryMv;
  }

  /** A finger goes onto the button. */
  down(): void {
    if (this.#finger) return;
    this.#finger = true;
    this.#downAt = Date.now();
    this.#downs += 1;
    this.#tell({ do: 'finger', down: true });
    this.#plan.changed();
  }

  up(): void {
    if (!this.#finger) return;
    this.#finger = false;
    this.#tell({ do: 'finger', down: false });
    this.#plan.changed();
  }

  get pressed(): boolean {
    return this.#finger;
  }

  /** What is in reach, how full the cell is. */
  change(to: { inReach: boolean; rightPassword: boolean; full: boolean }): void {
    const networks = this.#plan.file.networks.map(network =>
      to.rightPassword ? network : { ...network, password: `not ${network.password}` },
    );
    const wasEmpty = this.surroundings.batteryMv === emptyMv;
    this.surroundings.networks = to.inReach ? networks : [];
    this.surroundings.batteryMv = to.full ? fullMv : emptyMv;
    // Another battery: the chip starts anew, as it does then.
    if (wasEmpty && to.full) this.#begin(undefined, { reset: true });
    else this.#tell({ do: 'change', to: this.surroundings });
    this.#plan.changed();
  }

  /** Ends it: somebody else has the button now. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #tell(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  /** @param missed a finger came down, and the worker before was asleep by then. */
  #begin(frozen: Frozen | undefined, { reset = false, missed = false } = {}): void {
    this.#worker?.terminate();
    if (reset) {
      this.frame = undefined;
      this.view = undefined;
    }
    const worker = new Worker('/worker.js', { name: this.name });
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (this.#worker === worker) this.#take(data);
    });
    worker.addEventListener('error', event => {
      this.faults.push(event.message);
      this.#plan.changed();
    });
    const { programUrl, programBytes, file, options } = this.#plan;
    const beginning: Beginning = {
      ...this.surroundings,
      ...{ programUrl, programBytes, files: this.#keep.files, finger: this.#finger || missed },
      options: { ...wiringOf(file.board), ...options },
      ...(frozen === undefined || reset ? {} : { frozen }),
      ...(reset ? { reset: true } : {}),
    };
    this.#downs = beginning.finger ? 1 : 0;
    this.#tell({ do: 'begin', with: beginning });
    if (missed && !this.#finger) this.#tell({ do: 'finger', down: false });
  }

  #take(message: FromWorker): void {
    switch (message.say) {
      case 'frame':
        this.frame = message.frame;
        break;
      case 'wake':
        this.asleep = undefined;
        this.#keep.awake = true;
        this.#keep.save();
        break;
      case 'print':
        if (message.text.startsWith(viewMark)) this.#shows(JSON.parse(message.text.slice(viewMark.length)));
        break;
      case 'fault':
        this.faults.push(message.fault.message);
        break;
      case 'trace':
        this.trace.push({ ...message.entry, atMs: message.entry.atMs + message.startMs });
        if (this.trace.length > maxTrace) this.trace.splice(0, maxTrace / 10);
        return;
      case 'wrote':
        if (message.content === undefined) delete this.#keep.files[message.name];
        else this.#keep.files[message.name] = message.content;
        this.#keep.save();
        return;
      case 'asleep':
        this.#keep.frozen = message.frozen;
        this.#keep.awake = false;
        this.#keep.save();
        this.#sleeps(message.frozen);
        this.#begin(message.frozen, { missed: this.#downs > message.downs });
    }
    this.#plan.changed();
  }

  #shows(view: Screen): void {
    this.view = view;
    const begins = view.kind === 'connecting' || (view.kind === 'error' && view.code === 'BATTERY');
    if (begins && this.#downAt > (this.pressedAt ?? 0)) {
      this.pressedAt = this.#downAt;
      this.#keep.pressedAt = this.#downAt;
    }
  }

  #sleeps({ asleep }: Frozen): void {
    if (asleep === undefined) return;
    const { order, sinceMs } = asleep;
    this.asleep = { untilMs: order.kind === 'timer' ? sinceMs + order.us / 1000 : undefined };
  }
}
