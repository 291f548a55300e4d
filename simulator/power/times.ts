/** How long things take on a real button, for a simulated board on a virtual clock. Sources as in `currents.ts`. */
import type { Costs } from '../board/options.ts';
import type { Figure } from './currents.ts';

export const durations = {
  bootMs: {
    value: 450 + 590 + 60,
    source:
      'published: deep sleep to the first print 450 ms; seen on an emulated chip: 590 ms from the start of the interpreter to the first picture, instructions counted, 200 of them a fixed delay; assumption: 60 ms more for the flash, beside what the simulated board counts for calls and wires',
  },
  joinMs: {
    value: 1626,
    source: 'published: joining with DHCP, 1,626 ms (measured by others)',
  },
  openMs: {
    value: 200,
    source:
      'published: join with everything given, and TCP, about 200 ms; assumption: all of it for name and TCP',
  },
  roundTripMs: { value: 100, source: "assumption: over a phone's mobile network to a data centre and back" },
  tlsMs: { value: 2000, source: 'published: "seconds" for a TLS handshake on the chip; assumption: two' },
  callMs: {
    value: 0.1,
    source: 'assumption: a call of the interpreter at 240 MHz; longer drawing and hashing are left out',
  },
} satisfies Record<string, Figure>;

/** The options of a board that takes its time. */
export const realTimes: { bootMs: number; joinMs: number; costs: Costs } = {
  bootMs: durations.bootMs.value,
  joinMs: durations.joinMs.value,
  costs: {
    openMs: durations.openMs.value,
    roundTripMs: durations.roundTripMs.value,
    tlsMs: durations.tlsMs.value,
    callMs: durations.callMs.value,
    i2c: true,
  },
};
