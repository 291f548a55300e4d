/** A board, a man in the middle, a real relay and a scripted lab, used for one case after another on virtual time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enroll, hotspot, startPartyRelay, wiringOf } from '../../bench/energy/party.ts';
import { onView } from '../../cli/views.ts';
import type { Memory } from '../../firmware/src/memory.ts';
import type { View } from '../../firmware/src/view.ts';
import type { Action, Status } from '../../protocol/src/messages.ts';
import type { Relay } from '../../relay/src/relay.ts';
import { Board, type TraceEntry } from '../../simulator/board/board.ts';
import { VirtualClock } from '../../simulator/board/virtual-clock.ts';
import { type Chapter, ScriptedLab } from './faults-lab.ts';
import { forward, type Meddle, type Passing, Peer } from './faults-peer.ts';
import { compiledBundle } from './lab.ts';

/** What a case is made of; all that is left out goes well. */
export interface Plan {
  story: readonly Chapter[];
  /** The retained status at the beginning, and the button's memory. */
  status?: Status;
  memory?: Partial<Memory>;
  boardName?: string;
  /** What the finger wants. Default: a cluster. */
  wish?: Action;
  meddle?: (scene: Scene) => Meddle;
  /** What is broken before the finger comes, and how it is mended before the second press. */
  breaks?: (scene: Scene) => unknown;
  mends?: (scene: Scene) => unknown;
}

export interface Scene {
  board: Board;
  peer: Peer;
  lab: ScriptedLab;
  clock: VirtualClock;
}

/** What became of a case. */
export interface Ending {
  /** The code on the display at the end, or `ready`, or `RELEASED`. */
  end: string;
  /** After the fault was mended and the button pressed again; undefined when the first press had got to ready. */
  again: string | undefined;
  /** The press numbers that left the board, and those that reached the lab. */
  sent: number[];
  heard: number[];
  clusters: string[];
  faults: string[];
  /** The longest time from a waking to its sleep, on the board's own clock. */
  awakeMs: number;
  views: View[];
  /** When the display first showed a build, on the clock of the trace. */
  acceptedAtMs: number | undefined;
  passed: readonly Passing[];
  trace: readonly TraceEntry[];
}

/** The board looks this name up. */
const relayName = 'relay.example';
/** Longer than all that the button tries by itself: three hours of looks, the last nap a quarter of that. */
const limitMs = 5 * 60 * 60_000;
/** In the drawer before the finger comes; how long it holds; and how soon it confirms. */
const drawerMs = 1000;
const holdMs = 6000;
const confirmAfterMs = 1000;
/** To the relay and back. */
export const roundTripMs = 100;
const times = { bootMs: 450, joinMs: 1500, costs: { openMs: 100, roundTripMs, callMs: 0.1 } };

export class Rig {
  readonly #dir: string;
  readonly #relay: Relay;
  readonly #peer: Peer;
  readonly #lab: ScriptedLab;

  private constructor(dir: string, relay: Relay, peer: Peer, lab: ScriptedLab) {
    this.#dir = dir;
    this.#relay = relay;
    this.#peer = peer;
    this.#lab = lab;
  }

  static async open(): Promise<Rig> {
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-faults-'));
    const relay = await startPartyRelay();
    const peer = new Peer(relay.port);
    await peer.open();
    return new Rig(dir, relay, peer, await ScriptedLab.open(relay.url));
  }

  async close(): Promise<void> {
    await this.#peer.close();
    await this.#lab.close();
    await this.#relay.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** One press, whatever happens to it, until the board sleeps and only a finger can wake it. */
  async run(plan: Plan): Promise<Ending> {
    const clock = new VirtualClock();
    const boardName = plan.boardName ?? 'heltec-wifi-kit-32';
    this.#writeFlash(boardName, plan.memory);
    await this.#peer.open();
    const board = new Board({
      bundle: await compiledBundle(),
      storageDir: this.#dir,
      networks: [hotspot],
      hosts: { [relayName]: '127.0.0.1' },
      // The man in the middle knows who will be answered; nobody is waited for in real time.
      clock: patient(clock),
      troubles: {},
      ...wiringOf(boardName),
      ...times,
    });
    const madeAtMs = clock.nowMs();
    const scene = { board, peer: this.#peer, lab: this.#lab, clock };
    this.#peer.reset(clock, plan.meddle?.(scene) ?? forward);
    await this.#lab.reset(clock, plan.story, plan.status);
    const views: View[] = [];
    let acceptedAtMs: number | undefined;
    onView(board, view => {
      views.push(view);
      if (view.kind === 'building') acceptedAtMs ??= clock.nowMs() - madeAtMs;
    });
    try {
      board.shelve();
      await plan.breaks?.(scene);
      const end = await wishUntilAsleep(scene, plan.wish, views);
      let again: string | undefined;
      if (end !== 'ready' && end !== 'RELEASED') {
        this.#peer.meddle = forward;
        await plan.mends?.(scene);
        again = await wishUntilAsleep(scene, plan.wish, views);
      }
      return { end, again, ...this.#ending(board), views, acceptedAtMs };
    } finally {
      board.powerOff();
      this.#peer.hangUp();
    }
  }

  #ending(board: Board): Omit<Ending, 'end' | 'again' | 'views' | 'acceptedAtMs'> {
    const { passed } = this.#peer;
    const sent = passed.flatMap(({ name, bytes }) => {
      const number = name === 'press' ? /"press":(\d+)/.exec(bytes.toString('latin1'))?.[1] : undefined;
      return number === undefined ? [] : [Number(number)];
    });
    return {
      sent: [...new Set(sent)],
      heard: [...this.#lab.numbers],
      clusters: this.#lab.clusters,
      faults: board.faults.map(fault => fault.message),
      awakeMs: longestAwakeMs(board),
      passed,
      trace: board.trace,
    };
  }

  #writeFlash(boardName: string, memory: Partial<Memory> | undefined): void {
    rmSync(this.#dir, { recursive: true, force: true });
    enroll(this.#dir, boardName, { ...this.#relay, host: relayName, port: this.#peer.port });
    if (!memory) return;
    const whole: Memory = { press: 0, pending: '', cluster: '', ssid: '', ...memory };
    writeFileSync(join(this.#dir, 'memory.json'), JSON.stringify(whole));
  }
}

/** The clock for the board: it does not wait, in real time, for a first answer that a fault may have swallowed. */
function patient(clock: VirtualClock): VirtualClock {
  return new Proxy(clock, {
    get(target, name) {
      if (name === 'hold') {
        return (why: string) => (why.startsWith('the first answer') ? () => {} : target.hold(why));
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Returns what the display said last: `ready`, the code of an error, or a large word. */
async function wishUntilAsleep({ board, clock }: Scene, wish: Action = 'create', views: View[]) {
  let asleep = false;
  const look = (sleep: { kind: string }) => {
    asleep = sleep.kind === 'pin';
  };
  await clock.advance(drawerMs);
  board.on('sleep', look);
  const from = views.length;
  if (wish === 'release') {
    board.hold(holdMs);
    await clock.advance(holdMs + confirmAfterMs);
  }
  board.press();
  await clock.run(() => asleep, limitMs);
  board.off('sleep', look);
  const last = views.slice(from).at(-1);
  if (last?.kind === 'error') return last.code;
  return last?.kind === 'idle' ? (last.title ?? 'idle') : (last?.kind ?? 'nothing');
}

function longestAwakeMs(board: Board): number {
  let wokeAt = Number.NaN;
  let longest = 0;
  for (const entry of board.trace) {
    if (entry.what === 'boot' && entry.program === 'starting') wokeAt = entry.atMs;
    if (entry.what === 'sleep' && entry.atMs > wokeAt) longest = Math.max(longest, entry.atMs - wokeAt);
  }
  return longest;
}
