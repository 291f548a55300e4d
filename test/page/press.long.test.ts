/** The page in a real browser: fingers, keys, troubles, and what is on the displays. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import { draw } from '../../firmware/src/screens.ts';
import { troubles } from '../../page/src/troubles.ts';
import { stations } from '../../page/src/way.ts';
import { toText } from '../../simulator/board/frame.ts';
import { sketch } from '../../simulator/board/sketch.ts';
import { patience, until } from '../fixtures/patience.ts';
import { closeChromium, hasChromium, openTab, pixelsOf } from './fixtures/chromium.ts';
import { type PageSite, startPageSite } from './fixtures/site.ts';

afterAll(closeChromium);

type Case = 'house' | 'cloud';

const large = (name: Case) => `[data-case=${name}] .large`;
const says = (page: Page, name: Case) => page.locator(`[data-case=${name}] .says`).innerText();
const waysOf = (page: Page, name: Case) =>
  page
    .locator(`[data-case=${name}] .way li`)
    .evaluateAll(items => items.map(item => [item.getAttribute('data-station'), item.className] as const));

async function isReady(page: Page): Promise<void> {
  await page.waitForSelector('html[data-ready]');
}

/** Waits for words below a display. A build of the cloud takes half a minute. */
function hears(page: Page, name: Case, words: RegExp): Promise<string> {
  let last = '';
  return until(
    async () => {
      last = await says(page, name);
      return words.test(last) ? last : undefined;
    },
    () => `${words} from the ${name}, which says "${last}"`,
    90_000,
  );
}

async function press(page: Page, name: Case): Promise<void> {
  const button = page.locator(`[data-case=${name}] .press`);
  await button.dispatchEvent('pointerdown', { button: 0, pointerId: 1 });
  await button.dispatchEvent('pointerup', { button: 0, pointerId: 1 });
}

/** The picture that the firmware draws for this address. */
function pictureOf(cluster: string, address: string): string {
  return toText(sketch(64, g => draw(g, { kind: 'ready', cluster, address, note: 'control plane' })));
}

/** Which address is on the display: of all that the platform's pool has near those that it gave, the one that looks the same. */
async function readAddress(page: Page, name: Case, cluster: string, { world }: PageSite): Promise<string[]> {
  const shown = await pixelsOf(page, large(name));
  const near = world.platform.clusters().flatMap(({ address }) => {
    const start = address.slice(0, address.lastIndexOf('.') + 1);
    return Array.from({ length: 256 }, (_, last) => `${start}${last}`);
  });
  return [...new Set(near)].filter(address => pictureOf(cluster, address) === shown);
}

const addressOf = ({ world }: PageSite, cluster: string) =>
  world.platform.clusters().find(({ name }) => name === cluster)?.address;

describe.skipIf(!hasChromium)('the page in a browser (needs chromium)', () => {
  test('both buttons pressed at once: both addresses on the displays are those of the platform', async () => {
    const site = await startPageSite();
    const page = await openTab(site.url, { still: false, width: 1920, height: 1080 });
    await page.waitForSelector('html[data-solid]');
    await isReady(page);
    await Promise.all([press(page, 'house'), press(page, 'cloud')]);
    await hears(page, 'house', /is ready/);
    expect(await readAddress(page, 'house', 'house-02-1', site)).toEqual([addressOf(site, 'house-02-1')]);
    await hears(page, 'cloud', /is ready/);
    expect(await readAddress(page, 'cloud', 'cloud-02-1', site)).toEqual([addressOf(site, 'cloud-02-1')]);
    for (const name of ['house', 'cloud'] as const) {
      expect(await waysOf(page, name)).toEqual(stations.map(station => [station, 'lit']));
    }
    await page.waitForSelector('.clusters li:nth-child(2)');
    expect(await page.locator('.clusters code').first().innerText()).toContain('dashbutton kubeconfig ');
  });

  test('held for five seconds and pressed: the cluster is given back', async () => {
    const site = await startPageSite();
    const page = await openTab(site.url);
    await isReady(page);
    await press(page, 'house');
    await hears(page, 'house', /is ready/);
    const button = page.locator('[data-case=house] .press');
    await button.dispatchEvent('pointerdown', { button: 0, pointerId: 1 });
    await hears(page, 'house', /RELEASE\?/);
    await button.dispatchEvent('pointerup', { button: 0, pointerId: 1 });
    await press(page, 'house');
    await hears(page, 'house', /RELEASED/);
    expect(site.world.platform.clusters()).toEqual([]);
    await page.waitForSelector('.clusters .none:not([hidden])');
  });

  test.each(
    troubles.filter(({ code }) => code !== undefined),
  )('asked for in its address, a trouble has its code on the display and its station dark: $name', async ({
    name,
    code = '',
    dark = 'button',
    by,
  }) => {
    const site = await startPageSite();
    const page = await openTab(`${site.url}?trouble=${name}`);
    await isReady(page);
    if (by === 'demo') await page.waitForSelector(`[data-trouble=${name}] input:checked`);
    if (name === 'lab')
      await until(() => site.world.provisionerPart.current() === undefined, 'the lab to stop');
    await press(page, 'house');
    await hears(page, 'house', new RegExp(`^${code}:`));
    const shown = await pixelsOf(page, large('house'));
    expect(shown).toContain('#');
    const way = await waysOf(page, 'house');
    const at = stations.indexOf(dark);
    expect(way.slice(at).filter(([, state]) => state === 'lit')).toEqual([]);
    expect(way.filter(([, state]) => state === 'failed').length).toBe(1);
    expect(site.world.platform.made()).toEqual([]);
    // And it can be mended.
    await page.locator(`.troubles [data-trouble=${name}] input`).uncheck();
    await until(async () => {
      await press(page, 'house');
      return /is ready|%|accepted/.test(await says(page, 'house'));
    }, 'a press that comes through afterwards');
  });

  test('killed in the middle, the provisioner goes on, and the cluster is built once', async () => {
    const site = await startPageSite(16);
    const page = await openTab(`${site.url}?trouble=killed`);
    await isReady(page);
    await page.waitForSelector('[data-trouble=killed] input:checked');
    await until(() => site.world.provisionerPart.current() === undefined, 'the other provisioner');
    await until(
      async () => {
        if (site.world.platform.clusters().length > 0) return true;
        const before = await says(page, 'house');
        if (!/^(Press|LAB)/.test(before)) return false;
        await press(page, 'house');
        // Felt: a second press after that would be another order.
        await until(async () => (await says(page, 'house')) !== before, 'the press to be felt');
        return false;
      },
      'a build to begin',
      60_000,
    );
    await until(
      async () =>
        /killed/.test(await page.locator('.notices').innerText()) || site.world.provisionerPart.current(),
      'the kill',
      30_000,
    );
    await until(
      () =>
        site.world.provisionerPart
          .current()
          ?.presses()
          .some(({ step }) => step === 'ready'),
      'the build to end',
      60_000,
    );
    expect(site.world.platform.made().length).toBe(1);
  });

  test('a forged press and a replayed one are refused, and told', async () => {
    const site = await startPageSite();
    const page = await openTab(site.url);
    await isReady(page);
    await page.locator('.troubles summary').click();
    const notice = (words: RegExp) =>
      until(async () => words.test(await page.locator('.notices').innerText()), `${words}`, 30_000);
    await page.getByRole('button', { name: 'The last press is replayed' }).click();
    await notice(/Nothing was pressed yet/);
    await page.getByRole('button', { name: 'A stranger forges a press' }).click();
    await notice(/not signed with its key: refused/);
    await press(page, 'house');
    await hears(page, 'house', /is ready/);
    await page.getByRole('button', { name: 'The last press is replayed' }).click();
    await notice(/sent again: refused/);
    expect(site.world.platform.made().length).toBe(1);
  });

  test('loaded again in the middle of a build, the page follows it to its end', async () => {
    const site = await startPageSite();
    const page = await openTab(site.url);
    await isReady(page);
    await press(page, 'cloud');
    await until(
      async () => /looks again/.test(await page.locator('[data-case=cloud] .sleeps').innerText()),
      'the nap of a build',
      30_000,
    );
    await page.reload();
    await isReady(page);
    expect((await waysOf(page, 'cloud')).find(([station]) => station === 'provisioner')).toEqual([
      'provisioner',
      'lit',
    ]);
    await hears(page, 'cloud', /is ready/);
    expect(await readAddress(page, 'cloud', 'cloud-02-1', site)).toEqual([addressOf(site, 'cloud-02-1')]);
    expect(site.world.platform.made().length).toBe(1);
  });

  test('a keyboard alone: pressed by Tab and Space, held by a number', async () => {
    const site = await startPageSite();
    const page = await openTab(site.url);
    await isReady(page);
    const label = () => page.evaluate('document.activeElement?.getAttribute("aria-label")');
    for (let i = 0; i < 5 && !/house/.test(String(await label())); i++) await page.keyboard.press('Tab');
    expect(await label()).toMatch(/house/);
    await page.keyboard.press('Space');
    await hears(page, 'house', /is ready/);
    await page.keyboard.down('1');
    await hears(page, 'house', /RELEASE\?/);
    await page.keyboard.up('1');
    await page.keyboard.press('Space');
    await hears(page, 'house', /RELEASED/);
  });

  test.each([
    [390, 844],
    [768, 1024],
    [1920, 1080],
  ])('nothing hangs out of the window, and axe finds no serious fault: %i × %i', async (width, height) => {
    const site = await startPageSite();
    const page = await openTab(site.url, { width, height, still: false });
    await isReady(page);
    await page.waitForSelector('html[data-solid]');
    await press(page, 'house');
    await hears(page, 'house', /is ready/);
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    const box = await page.locator('[data-case=house] .press').boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
    await page.evaluate(axe.source);
    const found = (await page.evaluate('axe.run(document)')) as axe.AxeResults;
    const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });

  test('two pages with the same buttons: the newer one has them', async () => {
    const site = await startPageSite();
    const first = await openTab(site.url);
    await isReady(first);
    const second = await first.context().newPage();
    await second.goto(site.url);
    await isReady(second);
    await first.waitForSelector('.elsewhere:not([hidden])', { timeout: patience(10_000) });
    await press(second, 'house');
    await hears(second, 'house', /is ready/);
    expect(site.world.platform.made().length).toBe(1);
  });
});
