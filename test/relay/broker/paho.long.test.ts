/** The Eclipse Paho suite against the relay with open access, beside a real Mosquitto. Runs when PAHO names it. */
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../config/src/log.ts';
import { makeUsers } from '../../../relay/src/auth/users.ts';
import { startRelay } from '../../../relay/src/relay.ts';
import { mosquitto, stopPrograms } from '../../e2e/fixtures/proxies-programs.ts';
import { installed } from '../../fixtures/installed.ts';
import { patience } from '../../fixtures/patience.ts';
import { pahoFolder, runPaho, suiteLimitMs } from '../fixtures/paho.ts';

const folder = pahoFolder();
const names = [
  'testBasic',
  'test_dollar_topics',
  'test_keepalive',
  'test_offline_message_queueing',
  'test_overlapping_subscriptions',
  'test_redelivery_on_reconnect',
  'test_retained_messages',
  'test_subscribe_failure',
  'test_unsubscribe',
  'test_zero_length_clientid',
];
/** The filter that the suite expects to be refused. */
const unheard = ['test/nosubscribe'];
/**
 * What Debian's Mosquitto 2.0.11 fails: it delivers both copies with the higher QoS, and its ACL file has no
 * say in a SUBSCRIBE.
 */
const mosquittoFails = ['test_overlapping_subscriptions', 'test_subscribe_failure'];

afterEach(stopPrograms);

describe.skipIf(folder === undefined)('the Paho suite for MQTT 3.1.1 (needs PAHO)', () => {
  test(
    'passes whole against the relay',
    async () => {
      const relay = await startRelay({
        host: '127.0.0.1',
        port: 0,
        users: makeUsers([]),
        log: silentLog,
        openAccess: { unheard },
      });
      try {
        const { results, output } = await runPaho(folder ?? '', relay.port);
        expect(results, output).toEqual(Object.fromEntries(names.map(name => [name, true])));
      } finally {
        await relay.close();
      }
    },
    patience(suiteLimitMs),
  );

  test.skipIf(!installed('mosquitto'))(
    'finds in Mosquitto what it is known to find (needs mosquitto)',
    async () => {
      const broker = await mosquitto();
      const { results, output } = await runPaho(folder ?? '', broker.port);
      const expected = Object.fromEntries(names.map(name => [name, !mosquittoFails.includes(name)]));
      expect(results, output).toEqual(expected);
    },
    patience(suiteLimitMs),
  );
});
