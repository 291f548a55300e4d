/** The drawing and the driver on the real interpreter: the same pixels and the same bytes as here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildFirmware } from '../../../firmware/build.ts';
import { draw } from '../../../firmware/src/screens.ts';
import { ssd1306 } from '../../../firmware/src/ssd1306.ts';
import { patience } from '../../fixtures/patience.ts';
import { interpreter } from '../interpreter/fixtures/interpreter.ts';
import { newSurface } from './fixtures/surface.ts';
import { views } from './fixtures/views.ts';

const sources = resolve(import.meta.dirname, '../../../firmware/src');
const heights = [64, 32] as const;

/** Draws all views one after another, each on the glass of the one before; says the buffer and the bus bytes. */
const program = `
import { chip } from '${sources}/hal.ts';
import { draw } from '${sources}/screens.ts';
import { ssd1306 } from '${sources}/ssd1306.ts';
const views = ${JSON.stringify(Object.values(views))};
for (const height of ${JSON.stringify(heights)}) {
  const g = chip.Graphics.createArrayBuffer(128, height, 1, { vertical_byte: true, msb: false });
  let bus = [];
  const driver = ssd1306({ writeTo(address, bytes) { bus.push(bytes.join()); } }, 0x3c, height);
  driver.init();
  for (const view of views) {
    draw(g, view);
    driver.show(g.buffer);
    chip.print('FRAME ' + chip.btoa(g.buffer) + ' ' + chip.btoa(bus.join(' ')));
    bus = [];
  }
}`;

async function onInterpreter(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-display-'));
  try {
    const entry = join(folder, 'frames.ts');
    writeFileSync(entry, program);
    const built = await buildFirmware({ entry, outfile: join(folder, 'frames.js') });
    const said = execFileSync(interpreter ?? '', [built.path], {
      encoding: 'latin1',
      timeout: patience(20_000),
    });
    const lines = said.split(/[\r\n]+/).filter(line => line.startsWith('FRAME '));
    return lines.length > 0 ? lines : [said];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function here(): string[] {
  const lines: string[] = [];
  for (const height of heights) {
    const g = newSurface(height);
    let bus: string[] = [];
    const writeTo = (_address: number, bytes: Uint8Array | number[]) => bus.push(bytes.join());
    const driver = ssd1306({ writeTo }, 0x3c, height);
    driver.init();
    for (const view of Object.values(views)) {
      draw(g, view);
      driver.show(g.buffer);
      lines.push(`FRAME ${Buffer.from(g.buffer).toString('base64')} ${btoa(bus.join(' '))}`);
      bus = [];
    }
  }
  return lines;
}

describe.skipIf(!interpreter)('on the real interpreter (needs ESPRUINO)', () => {
  test('every view gives the same pixels and the same bytes on the bus', async () => {
    const theirs = await onInterpreter();
    const ours = here();
    expect(theirs).toHaveLength(ours.length);
    const names = Object.keys(views);
    for (const [index, line] of ours.entries()) {
      const height = heights[Math.floor(index / names.length)];
      expect(theirs[index], `${names[index % names.length]} on ${height} rows`).toBe(line);
    }
  });
});
