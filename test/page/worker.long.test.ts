/** The simulated board in a browser's worker, with programs of a test's own instead of the firmware. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { startPageServer } from '../../cli/demo/page/server.ts';
import { buildFirmware } from '../../firmware/build.ts';
import { boardNamed } from '../../firmware/src/boards.ts';
import { draw } from '../../firmware/src/screens.ts';
import { buildPage } from '../../page/build.ts';
import type { Facts } from '../../page/src/facts.ts';
import { toText } from '../../simulator/board/frame.ts';
import { sketch } from '../../simulator/board/sketch.ts';
import { views } from '../firmware/display/fixtures/views.ts';
import { pause, until } from '../fixtures/patience.ts';
import { closeChromium, hasChromium, openTab, pixelsOf } from './fixtures/chromium.ts';

afterAll(closeChromium);

const sources = resolve(import.meta.dirname, '../../firmware/src');
const says = '[data-case=house] .says';

const facts: Facts = {
  ...{ world: 'test', speed: 1, settingsFile: '', relay: true, provisioner: true },
  ...{ troubles: [], presses: [], passed: [], notices: [] },
};

/** The page, its one button with this program in its flash. */
async function pageWith(program: string): Promise<string> {
  const server = await startPageServer({
    files: await buildPage(program),
    buttons: () => [{ name: 'house-02', board: boardName, device: '{"a":1}', networks: [] }],
    facts: () => facts,
    log: () => [],
    trouble: async () => {},
    relayOrigin: 'ws://127.0.0.1:1',
  });
  onTestFinished(() => server.close());
  return server.url;
}

/** Has the page say something, as the firmware does. */
const tell = `function tell(text) { print("view " + JSON.stringify({kind: "idle", button: "", detail: text})); }`;

const boardName = 'firebeetle-2-esp32-e';

/** Every golden view through the firmware's own display, each at a press; then it says its number. */
const golden = `
import { openDisplay } from '${sources}/display.ts';
import { chip } from '${sources}/hal.ts';
import { watchButton } from '${sources}/pins.ts';
const views = ${JSON.stringify(Object.values(views))};
const board = ${JSON.stringify(boardNamed(boardName))};
const display = openDisplay(chip, board);
let at = 0;
watchButton(board, true, () => {
  display.show(views[at]);
  chip.print('view ' + JSON.stringify({ kind: 'idle', button: '', detail: 'frame ' + at }));
  at = at + 1;
});
`;

/** Counts the presses that woke it; back to sleep as soon as the finger is gone. */
const counting = `
import { chip } from '${sources}/hal.ts';
import { isHeld } from '${sources}/pins.ts';
const board = ${JSON.stringify(boardNamed(boardName))};
const storage = chip.require('Storage');
const presses = +(storage.readJSON('n', true) || 0) + 1;
storage.write('n', '' + presses);
chip.print('view ' + JSON.stringify({ kind: 'idle', button: '', detail: 'press ' + presses }));
function off() {
  if (isHeld(board)) chip.setTimeout(off, 5);
  else chip.ESP32.deepSleepExt0(board.button, 0);
}
off();
`;

async function compiled(source: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-golden-'));
  try {
    const entry = join(folder, 'golden.ts');
    writeFileSync(entry, source);
    return (await buildFirmware({ entry, outfile: join(folder, 'golden.js') })).code;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!hasChromium)('a board in a worker (needs chromium)', () => {
  test('every golden frame is the same in the browser, pixel by pixel', async () => {
    const page = await openTab(await pageWith(await compiled(golden)));
    await page.waitForSelector('html[data-ready]');
    const names = Object.keys(views);
    expect(names.length).toBeGreaterThan(20);
    for (const [at, [name, view]] of Object.entries(views).entries()) {
      await page.locator('[data-case=house] .press').dispatchEvent('click');
      const frame = toText(sketch(64, g => draw(g, view)));
      let [shown, said] = ['', ''];
      await until(
        async () => {
          shown = await pixelsOf(page, '[data-case=house] .large');
          said = await page.locator(says).innerText();
          return shown === frame && said === `frame ${at}`;
        },
        () => `${name}; the page says "${said}" and shows\n${shown}`,
        2000,
      );
    }
  });

  test('nothing outlives a deep sleep but the files, not even what is hidden', async () => {
    const program = `${tell}
      var s = require("Storage"), n = (s.readJSON("n", true) || 0) + 1, seen = typeof left + typeof [].left + typeof Math.left;
      s.write("n", "" + n);
      globalThis.left = 1; Array.prototype.left = 1; Math.left = 1;
      tell("boot " + n + " cause " + ESP32.getWakeupCause() + " " + seen + " device " + s.readJSON("device.json", true).a);
      if (n < 4) setTimeout(function() { ESP32.deepSleep(200000) }, 50);`;
    const page = await openTab(await pageWith(program));
    await page.waitForSelector('html[data-ready]');
    await page.locator('[data-case=house] .press').dispatchEvent('click');
    await until(
      async () =>
        (await page.locator(says).innerText()) === 'boot 4 cause 4 undefinedundefinedundefined device 1',
      () => 'the fourth boot, as if it were the first',
    );
  });

  test('a press while it falls asleep, and one as soon as the last is felt, are not lost', async () => {
    const page = await openTab(await pageWith(await compiled(counting)));
    await page.waitForSelector('html[data-ready]');
    // In the page itself: nothing is sooner than this.
    await page.evaluate(`{
      const says = document.querySelector('${says}'), press = document.querySelector('[data-case=house] .press');
      let last = '';
      new MutationObserver(() => {
        if (says.textContent === last || !says.textContent.startsWith('press ')) return;
        last = says.textContent;
        press.dispatchEvent(new MouseEvent('click'));
      }).observe(says, { childList: true, characterData: true, subtree: true });
      press.dispatchEvent(new MouseEvent('click'));
    }`);
    let last = '';
    await until(
      async () => {
        last = await page.locator(says).innerText();
        return Number(last.slice('press '.length)) >= 20;
      },
      () => `twenty presses; the page says "${last}"`,
    );
  });

  test('the program finds nothing of the browser, and none of the globals that the chip lacks', async () => {
    const missing = [
      ...[
        'fetch',
        'WebSocket',
        'XMLHttpRequest',
        'importScripts',
        'postMessage',
        'self',
        'navigator',
        'location',
      ],
      ...[
        'indexedDB',
        'caches',
        'performance',
        'crypto',
        'Worker',
        'BroadcastChannel',
        'addEventListener',
        'close',
      ],
      ...[
        'Map',
        'Set',
        'WeakMap',
        'Proxy',
        'Reflect',
        'Symbol',
        'BigInt',
        'Intl',
        'WebAssembly',
        'Atomics',
        'queueMicrotask',
      ],
    ];
    const program = `${tell}
      var found = [${missing.map(name => `typeof ${name} == "undefined" ? "" : "${name} "`)}].join("");
      tell("found: " + found + typeof Graphics + typeof setTimeout + typeof JSON);`;
    const page = await openTab(await pageWith(program));
    await page.waitForSelector('html[data-ready]');
    await page.locator('[data-case=house] .press').dispatchEvent('click');
    let last = '';
    await until(
      async () => {
        last = await page.locator(says).innerText();
        return last === 'found: objectfunctionobject';
      },
      () => last,
    );
  });

  test('an idle page draws no frame, and a press draws few', async () => {
    const page = await openTab(await pageWith(`${tell} tell("awake")`), { still: false });
    await page.waitForSelector('html[data-solid]');
    const frames = async () =>
      ((await page.evaluate('framesDrawn()')) as number[]).reduce((sum, n) => sum + n, 0);
    let before = -1;
    // Until all that comes with the start is drawn.
    await until(async () => {
      const now = await frames();
      const same = now === before;
      before = now;
      await pause(200);
      return same && now > 0;
    }, 'quiet');
    await pause(3000);
    expect(await frames()).toBe(before);
    await page.locator('[data-case=house] .press').dispatchEvent('click');
    await until(async () => (await page.locator(says).innerText()) === 'awake', 'the program');
    await until(async () => (await frames()) > before, 'a frame');
    expect((await frames()) - before).toBeLessThan(40);
  });
});
