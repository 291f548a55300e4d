/** A press over a cluster of brokers that others keep: three nodes of a real RMQTT, whose logins are answered by us. */
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { revoke } from '../../cli/enroll/revoke.ts';
import { encode } from '../../protocol/src/node/envelope.ts';
import { statusTopic } from '../../protocol/src/topics.ts';
import { builtByHand } from '../fixtures/installed.ts';
import { patience, until } from '../fixtures/patience.ts';
import { keyOf, type Lab, passwordOf, startLab } from './fixtures/lab.ts';
import { house, statusesAt, useRelays } from './fixtures/relays.ts';
import { balancer, type Rmqtt, startRmqtt } from './fixtures/rmqtt.ts';
import { inOrder } from './fixtures/two-relays.ts';

/** The provisioner at the first node, or whichever is left; the button at the second, then the third. */
async function inCluster(work: (lab: Lab, rmqtt: Rmqtt) => Promise<void>): Promise<void> {
  const lab = await startLab({ provisioner: false, platform: { speed: 20 } });
  try {
    const rmqtt = await startRmqtt({ dir: lab.site.dir, users: lab.site.usersFile }, lab.finally);
    const [first, second, third] = rmqtt.nodes.map(({ port }) => port) as [number, number, number];
    const way = await balancer([first, third, second], lab.finally);
    await useRelays(lab, [way], [second, third]);
    await work(lab, rmqtt);
  } finally {
    await lab.close();
  }
}

const limits = { timeout: patience(120_000) };

describe.skipIf(!builtByHand('rmqttd'))('three nodes of RMQTT (needs rmqttd)', limits, () => {
  test.for([
    ['nobody', undefined],
    ["the provisioner's", 0],
    ["the button's", 1],
  ] as const)('a press from node to node is one cluster, ready; killed during the build: %s', ([, killed]) =>
    inCluster(async (lab, { nodes }) => {
      const button = lab.button(house);
      button.board.press();
      await button.shows(view => view.kind === 'building' && view.percent > 20, { withinMs: 30_000 });
      if (killed !== undefined) await nodes[killed].kill();
      await button.showsKind('ready', { withinMs: 60_000 });
      expect(lab.platform.clusters()).toHaveLength(1);
      button.board.powerOff();
      const statuses = await statusesAt(lab, nodes[2].port);
      await until(() => statuses.some(({ state }) => state === 'ready'), 'the newest at the third node');
      inOrder(statuses);
    }));

  test('an old status that is put in its place by hand: the newest again, on another node', () =>
    inCluster(async (lab, { nodes, publishByHand }) => {
      const button = lab.button(house);
      button.board.press();
      await button.showsKind('ready', { withinMs: 60_000 });
      button.board.powerOff();
      const statuses = await statusesAt(lab, nodes[2].port);
      await until(() => statuses.at(-1)?.state === 'ready', 'the newest');
      const said = lab.provisioner?.relays[0]?.saidAgain ?? 0;
      const old = { ...statuses[0], press: 1, seq: 1, state: 'accepted', percent: 5 };
      await publishByHand(
        statusTopic(house),
        encode(keyOf(lab.site, house), statusTopic(house), old as never),
      );
      await until(() => statuses.at(-1)?.state === 'accepted', 'the old one to be handed out');
      await until(() => statuses.at(-1)?.state === 'ready', 'the newest again', 2_000);
      expect(lab.provisioner?.relays[0]?.saidAgain).toBe(said + 1);
    }));

  test('a revoked button is thrown out, and does not come back', () =>
    inCluster(async (lab, { nodes }) => {
      const login = () =>
        connectAsync(`mqtt://127.0.0.1:${nodes[2].port}`, {
          ...{ clientId: house, username: house, password: passwordOf(lab.site, house), reconnectPeriod: 0 },
        });
      const client = await login();
      client.on('error', () => {});
      const users = { users: lab.site.usersFile, config: join(lab.site.dir, 'none.yaml') };
      await revoke({ button: house, ...users });
      await until(() => !client.connected, 'the end of its connection');
      await expect(login()).rejects.toThrow();
      const button = lab.button(house);
      button.board.press();
      const { code } = await button.showsKind('error', { withinMs: 60_000 });
      expect(code).toBe('KEY');
      expect(lab.platform.clusters()).toEqual([]);
    }));
});
