/** The page, from the first picture to the last cluster. */
import { currentsOf } from '../../../simulator/power/currents.ts';
import { integrate } from '../../../simulator/power/model.ts';
import type { ButtonFile, Facts } from '../facts.ts';
import { type TroubleName, troubles, troublesIn } from '../troubles.ts';
import { wayOf } from '../way.ts';
import { PageBoard } from './board.ts';
import { paint } from './glass.ts';
import { onlyHere } from './only-here.ts';
import { makeTroubles, say, showClusters, showTroubles, showWay } from './panels.ts';
import { need, Stage, type Still } from './stage.ts';
import { afterText, screenText } from './text.ts';

const programUrl = '/dashbutton.js';
const cases = ['house', 'cloud'] as const;

/** The 3D waits for so long after everything else, so that the first press never waits for it (ms). */
const solidAfterMs = 50;

/** Seconds of a nap are counted down, and minutes of a cluster up. */
const countMs = 1000;
const ageMs = 60_000;

interface Place {
  section: HTMLElement;
  stage: Stage;
  board?: PageBoard;
}

const nothing: Facts = {
  ...{ world: '', speed: 1, settingsFile: '', relay: false, provisioner: false },
  ...{ troubles: [], presses: [], passed: [], notices: [] },
};

let facts = nothing;
const pageTroubles = new Set<TroubleName>();
const places: Place[] = [];
const currents = currentsOf('FireBeetle ESP32');
/** How many frames each case has drawn in 3D. */
const drawn: (() => number)[] = [];

async function start(): Promise<void> {
  const [stills, buttons, program, first] = await Promise.all([
    json<Record<string, Still>>('/art/stills.json'),
    json<ButtonFile[]>('/buttons.json'),
    fetch(programUrl).then(answer => answer.text()),
    new Promise<Facts>(listen),
  ]);
  cases.forEach((name, i) => {
    const section = need<HTMLElement>(document, `[data-case=${name}]`);
    const still = stills[name];
    if (still === undefined) throw new Error(`no picture of the ${name}`);
    const place: Place = { section, stage: new Stage(section, still, () => place.board) };
    places[i] = place;
  });
  const begin = () => {
    buttons.forEach((file, i) => {
      const place = places[i];
      if (place === undefined) return;
      place.board = new PageBoard({
        ...{ file, world: first.world, programUrl, programBytes: program.length, options: {} },
        changed: () => show(place),
      });
      show(place);
    });
    change();
    document.documentElement.dataset.ready = '';
    performance.mark('press-possible');
  };
  const list = need(document, '.troubles ul');
  makeTroubles(list, setTrouble);
  for (const name of troublesIn(location.search)) setTrouble(name, true);
  onlyHere(first.world, begin, () => {
    for (const { board } of places) board?.stop();
    need<HTMLElement>(document, '.elsewhere').hidden = false;
  });
  need(document, '.elsewhere button').addEventListener('click', () => location.reload());
  openLog();
  setTimeout(() => void solid(), solidAfterMs);
  setInterval(() => showClusters(need(document, '.clusters'), facts), ageMs);
}

async function json<T>(path: string): Promise<T> {
  const answer = await fetch(path);
  return (await answer.json()) as T;
}

/** The demo's own word of what happens. `told` is called when the first has come. */
function listen(told: (first: Facts) => void): void {
  new EventSource('/events').addEventListener('message', ({ data }: MessageEvent<string>) => {
    const before = facts.world;
    facts = JSON.parse(data) as Facts;
    // The demo was started again: other keys, another relay.
    if (before !== '' && before !== facts.world) location.reload();
    if (before === '') told(facts);
    for (const place of places) show(place);
    showClusters(need(document, '.clusters'), facts);
    showTroubles(need(document, '.troubles ul'), new Set([...facts.troubles, ...pageTroubles]));
    say(need(document, '.notices'), facts.notices.at(-1)?.text ?? '');
  });
}

function setTrouble(name: TroubleName, on: boolean): void {
  const trouble = troubles.find(one => one.name === name);
  if (trouble?.by === 'page') {
    if (on) pageTroubles.add(name);
    else pageTroubles.delete(name);
    change();
    showTroubles(need(document, '.troubles ul'), new Set([...facts.troubles, ...pageTroubles]));
  } else {
    void fetch('/trouble', { method: 'POST', body: JSON.stringify({ name, on }) });
  }
  if (on) need<HTMLDetailsElement>(document, '.troubles').open = true;
}

function change(): void {
  const has = (name: TroubleName) => pageTroubles.has(name);
  for (const { board } of places) {
    board?.change({ inReach: !has('hotspot'), rightPassword: !has('password'), full: !has('battery') });
  }
}

function show(place: Place): void {
  const { section, stage, board } = place;
  if (board === undefined) return;
  paint(stage.glass, board.frame);
  paint(need(section, '.large'), board.frame);
  stage.repaint();
  stage.show(board.pressed);
  const { view, pressedAt } = board;
  say(need(section, '.says'), view === undefined ? `Press the ${section.dataset.door}` : screenText(view));
  const finger =
    pressedAt === undefined
      ? undefined
      : {
          ...{ button: board.name, at: pressedAt },
          trace: board.trace.filter(({ atMs }) => atMs >= pressedAt),
          ...(view?.kind === 'error' ? { code: view.code } : {}),
        };
  showWay(need(section, '.way'), wayOf(finger, facts));
  showSleep(place);
  showEnergy(place);
}

const counting = new WeakMap<Place, number>();

/** Asleep until when; counts down while there is something to count. */
function showSleep(place: Place): void {
  const { section, board } = place;
  const until = board?.asleep?.untilMs;
  clearTimeout(counting.get(place));
  const leftMs = until === undefined ? 0 : until - Date.now();
  const words =
    board?.asleep === undefined
      ? ' '
      : until === undefined
        ? 'Asleep until its button is pressed'
        : `Asleep, looks again in ${afterText(Math.max(0, Math.round(leftMs / 1000) * 1000)).replace(/\.0+ s/, ' s')}`;
  say(need(section, '.sleeps'), words);
  if (leftMs > 0)
    counting.set(
      place,
      window.setTimeout(() => showSleep(place), countMs),
    );
}

/** Calculated from what the board did since the finger, with the published currents of bench:energy. */
function showEnergy({ section, board }: Place): void {
  const from = board?.pressedAt;
  if (board === undefined || from === undefined) return;
  // Loaded again since: what the chip did before is not known here.
  if ((board.trace[0]?.atMs ?? from) > from) {
    say(need(section, '.energy'), '');
    return;
  }
  const untilMs = board.trace.at(-1)?.atMs ?? from;
  const { mAh } = integrate(board.trace, currents, { fromMs: from, untilMs: Math.max(from, untilMs) });
  const battery = (board.batteryMv / 1000).toFixed(2);
  say(need(section, '.energy'), `This press: ${mAh.toFixed(2)} mAh, calculated. Battery: ${battery} V`);
}

function openLog(): void {
  const details = need<HTMLDetailsElement>(document, '.log');
  const text = need<HTMLTextAreaElement>(details, 'textarea');
  const show = (lines: string) => {
    if (text.value === lines) return;
    const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 4;
    text.value = lines;
    if (atEnd) text.scrollTop = text.scrollHeight;
  };
  let timer: number | undefined;
  details.addEventListener('toggle', () => {
    clearInterval(timer);
    const load = async () => show((await json<string[]>('/log.json')).join('\n'));
    if (details.open) {
      void load();
      timer = window.setInterval(() => void load(), countMs);
    }
  });
}

/** 3D, where there is a graphics processor for it and nobody has asked for less motion. */
async function solid(): Promise<void> {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  if (document.createElement('canvas').getContext('webgl2') === null) return;
  const [{ showCase }, ...files] = await Promise.all([
    import('./view3d.ts'),
    ...cases.map(name => fetch(`/art/${name}.bin`).then(answer => answer.arrayBuffer())),
  ]);
  places.forEach(({ stage }, i) => {
    const file = files[i];
    if (file === undefined) return;
    const scene = stage.enter((canvas, glass) => showCase(canvas, file, glass));
    drawn.push(() => scene.frames);
  });
  document.documentElement.dataset.solid = '';
  performance.mark('solid');
}

/** For `bench/page.ts` and tests. */

Object.assign(window, { framesDrawn: () => drawn.map(count => count()) });

void start();
