/** A press on the real interpreter: the compiled bundle against the real relay and provisioner. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { hotspot } from '../../cli/demo/site.ts';
import { draw } from '../../firmware/src/screens.ts';
import type { View } from '../../firmware/src/view.ts';
import { compiledBundle, type Lab, startLab } from '../e2e/lab.ts';
import { newSurface, toFrame } from '../firmware-display/surface.ts';
import type { ChipEvent } from './events.ts';
import { pictures } from './frames.ts';
import { howToEnable, interpreter } from './interpreter.ts';
import { type Run, type RunOptions, startOnInterpreter } from './runner.ts';

/** The chip has 2,000 to 5,000 variables; the prelude's own come on top, as do the interpreter's. */
const maxVariables = 2000;
const button = 'house-01';
const heltec = { reset: 16, vext: 21 };
const timeoutMs = 25_000;

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

/** The view that the firmware tells on its console when it is on the glass. */
function viewOf(event: ChipEvent): View | undefined {
  const isView = event.what === 'line' && event.text.startsWith('view ');
  return isView ? JSON.parse(event.text.slice('view '.length)) : undefined;
}

const viewsOf = ({ events }: Run): View[] => events.flatMap(event => viewOf(event) ?? []);

/** Wakes the button by its pin and lets it run until it shows a view of that kind. */
async function press(at: Lab, until: View['kind'], more: Partial<RunOptions> = {}): Promise<Run> {
  const device = readFileSync(join(at.site.flashOf(button), 'device.json'), 'latin1');
  const running = startOnInterpreter({
    binary: interpreter ?? '',
    bundle: await compiledBundle(),
    dir: join(at.site.dir, 'interpreter'),
    storage: { 'device.json': device },
    wakeCause: 2,
    wifi: [hotspot],
    timeoutMs,
    onEvent: event => {
      if (viewOf(event)?.kind === until) {
        running.stop();
      }
    },
    ...more,
  });
  return running.done;
}

/** The picture that the simulator draws of a view. */
function drawn(view: View): Uint8Array {
  const g = newSurface(64);
  draw(g, view);
  return toFrame(g.buffer).pixels;
}

describe.skipIf(!interpreter)(`A press on the real interpreter (${howToEnable})`, () => {
  it('becomes a cluster, with the same frames as on the simulator', {
    timeout: timeoutMs + 10_000,
  }, async () => {
    lab = await startLab();
    await lab.provisioner?.whenOnline(5000);
    const run = await press(lab, 'ready');
    const views = viewsOf(run);
    const [cluster, ...others] = lab.platform.clusters();
    expect(others).toEqual([]);
    expect(views.at(-1), run.lines.join('\n')).toMatchObject({
      kind: 'ready',
      cluster: cluster?.name,
      address: cluster?.address,
    });
    const frames = pictures(run.events, event => viewOf(event) !== undefined, heltec);
    for (const [i, view] of views.entries()) {
      expect(Buffer.from(frames[i]?.pixels ?? []).equals(drawn(view)), JSON.stringify(view)).toBe(true);
    }
    expect(run.events.findIndex(e => e.what === 'i2c')).toBeLessThan(
      run.events.findIndex(e => e.what === 'wifi'),
    );
    // The prelude's own variables do not count: on a chip, what it stands in for has none.
    expect(run.memory.peak - run.memory.before).toBeLessThanOrEqual(maxVariables);
  });

  it('ends in deep sleep when the relay cannot be reached', { timeout: timeoutMs + 50_000 }, async () => {
    lab = await startLab({ provisioner: false });
    await lab.relay.close();
    const run = await press(lab, 'error', { onEvent: () => {}, timeoutMs: 60_000 });
    expect(viewsOf(run).at(-1)).toMatchObject({ kind: 'error', code: 'RELAY' });
    expect(run).toMatchObject({ end: 'slept', sleep: 'pin 0 0' });
  });
});
