/**
 * `npm run page:stills`: the first picture of each case, made by the page's own 3D in a headless Chromium, and where display and button
 * are in it. The live display is laid onto it, so the one in the picture is dark.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const here = fileURLToPath(new URL('.', import.meta.url));
const size = { width: 880, height: 720 };
const quality = 0.74;

const script = `
import { showCase } from './src/dom/view3d.ts';
window.still = async (name, width, height, quality) => {
  const canvas = document.createElement('canvas');
  canvas.style.cssText = 'width:' + width + 'px;height:' + height + 'px';
  document.body.replaceChildren(canvas);
  const glass = document.createElement('canvas');
  glass.width = 128;
  glass.height = 64;
  glass.getContext('2d').fillStyle = '#05070a';
  glass.getContext('2d').fillRect(0, 0, 128, 64);
  const file = await (await fetch('/art/' + name + '.bin')).arrayBuffer();
  const scene = showCase(canvas, file, glass);
  await new Promise(resolve => requestAnimationFrame(() => {
    const copy = document.createElement('canvas');
    copy.width = width;
    copy.height = height;
    scene.drawNow();
    copy.getContext('2d').drawImage(canvas, 0, 0, width, height);
    resolve((window.copy = copy));
  }));
  return { url: window.copy.toDataURL('image/webp', quality), places: scene.places() };
};
`;

const { outputFiles } = await build({
  stdin: { contents: script, resolveDir: here, loader: 'ts' },
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2022',
});
const code = outputFiles[0]?.text ?? '';
const server = createServer((request, response) => {
  if (request.url?.startsWith('/art/')) response.end(readFileSync(`${here}${request.url}`));
  else if (request.url === '/still.js') response.setHeader('Content-Type', 'text/javascript').end(code);
  else
    response
      .setHeader('Content-Type', 'text/html')
      .end('<!doctype html><body style="margin:0"><script type="module" src="/still.js"></script>');
});
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});
try {
  const page = await browser.newPage({ viewport: size, deviceScaleFactor: 2 });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction('window.still !== undefined');
  const places: Record<string, unknown> = {};
  for (const name of ['house', 'cloud']) {
    const made = (await page.evaluate(
      `window.still(${JSON.stringify(name)}, ${size.width}, ${size.height}, ${quality})`,
    )) as { url: string; places: unknown };
    const file = Buffer.from(made.url.slice(made.url.indexOf(',') + 1), 'base64');
    writeFileSync(`${here}art/${name}.webp`, file);
    places[name] = made.places;
    process.stdout.write(`${name}.webp: ${Math.round(file.length / 1024)} kB\n`);
  }
  const text = JSON.stringify(
    places,
    (_, value) => (typeof value === 'number' ? Math.round(value * 1e5) / 1e5 : value),
    2,
  );
  writeFileSync(`${here}art/stills.json`, `${text}\n`);
} finally {
  await browser.close();
  server.close();
}
