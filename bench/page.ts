/**
 * `npm run bench:page`: the page in a headless Chromium on this machine: when it can be seen, pressed and turned, what it weighs, and what an
 * idle minute costs. The graphics processor is played by the processor, which makes the 3D later than on a machine that has one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { openPage } from '../cli/demo/page/open.ts';
import { startWorld } from '../cli/demo/world.ts';
import { silentLog } from '../config/src/log.ts';

const runs = Number(process.env.RUNS ?? 5);
const idleMs = Number(process.env.IDLE_S ?? 60) * 1000;
const limitMs = 120_000;

interface Run {
  paint: number;
  press: number;
  solid: number;
  bytes: number;
}

const measured = `(() => {
  const at = name => performance.getEntriesByName(name)[0]?.startTime ?? NaN;
  const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  return {
    paint: at('first-contentful-paint'), press: at('press-possible'), solid: at('solid'),
    // A file that is asked for again, with a tag, comes once.
    bytes: [...new Map(all.map(one => [one.name, one.encodedBodySize])).values()].reduce((sum, n) => sum + n, 0),
  };
})()`;

const middle = (numbers: number[]) =>
  numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const say = (line: string) => process.stdout.write(`${line}\n`);

const dir = mkdtempSync(join(tmpdir(), 'dashbutton-bench-'));
const opened = await openPage();
const world = await startWorld({
  ...{ dir, speed: 32, log: silentLog, buttons: opened.buttons },
  ...{ proxy: opened.proxyUrl, listeners: opened.listeners },
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  timeout: limitMs,
});
try {
  const url = await opened.serve(world, 32, silentLog);
  const found: Run[] = [];
  for (let i = 0; i < runs; i++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.goto(url);
    await page.waitForSelector('html[data-solid]', { timeout: limitMs });
    // The first paint is told a moment after it.
    await page.waitForFunction(
      'performance.getEntriesByName("first-contentful-paint").length > 0',
      undefined,
      { timeout: limitMs },
    );
    found.push((await page.evaluate(measured)) as Run);
    if (i === runs - 1) await idle(page, context);
    await context.close();
  }
  const of = (key: keyof Run) => middle(found.map(run => run[key]));
  say(`first paint            ${(of('paint') / 1000).toFixed(2)} s   (goal 0.5 s)`);
  say(`first press possible   ${(of('press') / 1000).toFixed(2)} s   (goal 1 s)`);
  say(`3D ready               ${(of('solid') / 1000).toFixed(2)} s   (goal 2 s)`);
  say(`weight, compressed     ${Math.round(of('bytes') / 1000)} kB   (goal 250 kB)`);
  say(`middle of ${runs} runs, each with an empty cache`);
} finally {
  await browser.close();
  await opened.close();
  await world.close();
  rmSync(dir, { recursive: true, force: true });
}

/** The board asleep, nobody there. */
async function idle(
  page: import('playwright-core').Page,
  context: import('playwright-core').BrowserContext,
): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  const look = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const frames = ((await page.evaluate('framesDrawn()')) as number[]).reduce((sum, n) => sum + n, 0);
    return { frames, taskS: metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN };
  };
  await new Promise(resolve => setTimeout(resolve, 3000));
  const before = await look();
  await new Promise(resolve => setTimeout(resolve, idleMs));
  const after = await look();
  say(`frames in ${idleMs / 1000} s idle      ${after.frames - before.frames}`);
  say(
    `processor time of it   ${((after.taskS - before.taskS) * 1000).toFixed(0)} ms of the page's main thread`,
  );
}
