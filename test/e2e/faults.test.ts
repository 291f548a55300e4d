/** Every packet on the way of a press, and everything that can happen to it: a row for each, on a virtual clock. */
import { afterAll, describe, expect, it } from 'vitest';
import { expectSound, Rigs } from './faults-check.ts';
import { faults, meddleAt, rowsOf } from './faults-kinds.ts';
import { followed } from './faults-lab.ts';

const rigs = new Rigs();
afterAll(() => rigs.close());

/**
 * Something happens to that packet on the first connection, and never again. `idle` to `ready` are statuses. Two ends
 * with `|` between them: after a wrong length the relay takes whatever follows for a packet, and what that is depends
 * on the signature.
 */
const once = `
                   cut   lost  silent drop  slow  late  twice type  length    middle end   radio
up   CONNECT       RELAY RELAY RELAY  RELAY ready RELAY RELAY RELAY RELAY     RELAY  RELAY RELAY
up   SUBSCRIBE     RELAY RELAY RELAY  RELAY ready RELAY ready RELAY RELAY     RELAY  ready RELAY
down CONNACK       RELAY RELAY RELAY  ready ready RELAY ready ready RELAY     ready  RELAY RELAY
down SUBACK        RELAY RELAY RELAY  RELAY ready RELAY ready RELAY RELAY     ready  ready RELAY
down idle          RELAY RELAY LAB    ready ready LAB   ready RELAY RELAY     ready  ready RELAY
down beacon        ready RELAY LAB    LAB   ready LAB   ready RELAY KEY       KEY    KEY   ready
up   PUBACK        ready ready LAB    ready ready LAB   ready ready ready|LAB ready  ready ready
up   press         ready ready LAB    ready ready LAB   ready ready ready|LAB ready  ready ready
down PUBACK        ready ready LAB    ready ready LAB   ready ready ready     ready  ready ready
down accepted      ready ready LAB    ready ready LAB   ready ready ready     ready  ready ready
down provisioning  ready ready ready  ready ready ready ready ready ready     ready  ready ready
up   PINGREQ       ready ready ready  ready ready ready ready ready ready     ready  ready ready
down PINGRESP      ready ready ready  ready ready ready ready ready ready     ready  ready ready
down verifying     ready ready ready  ready ready ready ready ready ready     ready  ready ready
down ready         ready ready ready  ready ready ready ready ready ready     ready  ready ready
`;

/** It happens again on each connection, until the finger comes back. */
const always = `
                   cut   lost  silent drop  slow  late  twice type  length    middle end   radio
up   CONNECT       RELAY RELAY RELAY  RELAY ready RELAY RELAY RELAY RELAY     RELAY  RELAY RELAY
up   SUBSCRIBE     RELAY RELAY RELAY  RELAY ready RELAY ready RELAY RELAY     RELAY  ready RELAY
down CONNACK       RELAY RELAY RELAY  ready ready RELAY ready ready RELAY     ready  RELAY RELAY
down SUBACK        RELAY RELAY RELAY  RELAY ready RELAY ready RELAY RELAY     ready  ready RELAY
down idle          RELAY RELAY LAB    ready ready LAB   ready RELAY RELAY     ready  ready RELAY
down beacon        RELAY RELAY LAB    LAB   ready LAB   ready RELAY KEY       KEY    KEY   RELAY
up   PUBACK        RELAY RELAY LAB    ready ready LAB   ready ready RELAY|LAB ready  ready RELAY
up   press         ready RELAY LAB    ready ready LAB   ready RELAY RELAY|LAB ready  ready ready
down PUBACK        ready ready LAB    ready ready LAB   ready ready ready     ready  ready ready
down accepted      ready ready LAB    ready ready LAB   ready ready ready     ready  ready ready
down provisioning  ready ready ready  ready ready ready ready ready ready     ready  ready ready
up   PINGREQ       ready ready ready  ready ready ready ready ready ready     ready  ready ready
down PINGRESP      ready ready ready  ready ready ready ready ready ready     ready  ready ready
down verifying     ready ready ready  ready ready ready ready ready ready     ready  ready ready
down ready         ready RELAY LAB    LAB   ready LAB   ready RELAY RELAY     KEY    KEY   ready
`;

describe('a build followed over one connection', () => {
  it('has all its packets in the tables', async () => {
    const { passed } = await rigs.run({ story: followed });
    const seen = new Set(passed.map(({ way, name }) => `${way} ${name}`));
    // Said when the board has all it wanted; nobody reads it any more.
    seen.delete('up DISCONNECT');
    for (const table of [once, always]) {
      const rows = rowsOf('', table).map(([, row]) => row);
      expect(new Set(rows.map(({ way, packet }) => `${way} ${packet}`))).toEqual(seen);
      expect(new Set(rows.map(({ fault }) => fault))).toEqual(new Set(Object.keys(faults)));
    }
  });

  for (const [often, table] of Object.entries({ once, always } as const)) {
    it.concurrent.each(rowsOf(often, table))('%s', async (_, row) => {
      const step = { way: row.way, name: row.packet, often: often as 'once' | 'always' };
      expectSound(await rigs.run({ story: followed, meddle: meddleAt(step, row.fault) }), row.end);
    });
  }
});
