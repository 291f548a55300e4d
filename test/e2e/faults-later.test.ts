/** The same for the connections that come after the press: looks at a build, and giving the cluster back. */
import { afterAll, describe, it } from 'vitest';
import { button } from '../../bench/energy/party.ts';
import type { Status } from '../../protocol/src/messages.ts';
import { expectSound, Rigs } from './faults-check.ts';
import { meddleAt, rowsOf } from './faults-kinds.ts';
import { idle, lookedAt, quick } from './faults-lab.ts';

const rigs = new Rigs();
afterAll(() => rigs.close());

/** From the second connection on: the press is accepted, and the button naps and looks. */
const looks = {
  once: `
                   cut   lost  silent drop  slow  late  twice type  length middle end   radio
up   CONNECT       ready ready ready  ready ready ready ready ready ready  RELAY  RELAY ready
up   SUBSCRIBE     ready ready ready  ready ready ready ready ready ready  RELAY  ready ready
down CONNACK       ready ready ready  ready ready ready ready ready ready  ready  RELAY ready
down SUBACK        ready ready ready  ready ready ready ready ready ready  ready  ready ready
down provisioning  ready ready ready  ready ready ready ready ready ready  ready  ready ready
down beacon        ready ready ready  ready ready ready ready ready ready  ready  ready ready
up   PUBACK        ready ready ready  ready ready ready ready ready ready  ready  ready ready
`,
  always: `
                   cut   lost  silent drop  slow  late  twice type  length middle end   radio
up   CONNECT       RELAY RELAY RELAY  RELAY ready RELAY RELAY RELAY RELAY  RELAY  RELAY RELAY
up   SUBSCRIBE     RELAY RELAY RELAY  RELAY ready RELAY ready RELAY RELAY  RELAY  ready RELAY
down CONNACK       RELAY RELAY RELAY  ready ready RELAY ready ready RELAY  ready  RELAY RELAY
down SUBACK        RELAY RELAY RELAY  RELAY ready RELAY ready RELAY RELAY  ready  ready RELAY
down ready         ready RELAY LAB    LAB   ready LAB   ready RELAY RELAY  KEY    KEY   ready
`,
};

/** A wish of its own, with a number of its own: the second one. */
const releases = {
  once: `
                   cut      lost     silent   drop     slow     late     twice    type     length   middle   end      radio
up   CONNECT       RELAY    RELAY    RELAY    RELAY    RELEASED RELAY    RELAY    RELAY    RELAY    RELAY    RELAY    RELAY
down ready         RELAY    RELAY    LAB      RELEASED RELEASED LAB      RELEASED RELAY    RELAY    RELEASED RELEASED RELAY
up   press         RELEASED RELEASED LAB      RELEASED RELEASED LAB      RELEASED RELEASED RELEASED|LAB RELEASED RELEASED RELEASED
down PUBACK        RELEASED RELEASED LAB      RELEASED RELEASED LAB      RELEASED RELEASED RELEASED RELEASED RELEASED RELEASED
down releasing     RELEASED RELEASED LAB      RELEASED RELEASED LAB      RELEASED RELEASED RELEASED RELEASED RELEASED RELEASED
down released      RELEASED RELEASED RELEASED RELEASED RELEASED RELEASED RELEASED RELEASED RELEASED RELEASED RELEASED RELEASED
`,
  always: `
                   cut      lost     silent   drop     slow     late     twice    type     length   middle   end      radio
up   press         RELEASED RELAY    LAB      RELEASED RELEASED LAB      RELEASED RELAY    RELAY|LAB RELEASED RELEASED RELEASED
down released      RELEASED RELAY    LAB      LAB      RELEASED LAB      RELEASED RELAY    RELAY    KEY      KEY      RELEASED
`,
};

const cluster = `${button}-1`;
const ready: Status = { ...idle, press: 1, seq: 4, state: 'ready', cluster, percent: 100, upTo: 100 };

describe('a look at a build', () => {
  for (const [often, table] of Object.entries(looks)) {
    it.concurrent.each(rowsOf(often, table))('%s', async (_, row) => {
      const step = { way: row.way, name: row.packet, often: often as 'once' | 'always', fromConnection: 2 };
      const meddle = meddleAt(step, row.fault);
      expectSound(await rigs.run({ story: lookedAt, boardName: 'esp32-ssd1306', meddle }), row.end);
    });
  }
});

describe('a release', () => {
  for (const [often, table] of Object.entries(releases)) {
    it.concurrent.each(rowsOf(often, table))('%s', async (_, row) => {
      // The first connection is made while the finger is still down: for a cluster, until it has been held.
      const step = { way: row.way, name: row.packet, often: often as 'once' | 'always', fromConnection: 2 };
      const meddle = meddleAt(step, row.fault);
      const memory = { press: 1, cluster };
      const ending = await rigs.run({ story: quick, wish: 'release', status: ready, memory, meddle });
      expectSound(ending, row.end, { numbers: [2], clusters: [], good: 'RELEASED' });
    });
  }
});
