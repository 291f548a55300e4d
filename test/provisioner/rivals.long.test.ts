/** Two provisioners with one login at another broker than ours. */
import { afterEach, describe, expect } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { mosquitto, stopPrograms } from '../e2e/fixtures/proxies-programs.ts';
import { installed } from '../fixtures/installed.ts';
import { pause, until } from '../fixtures/patience.ts';
import { roomTest } from './fixtures/room.ts';

const test = roomTest();

afterEach(stopPrograms);

describe.skipIf(!installed('mosquitto'))('mosquitto, two with one login (needs mosquitto)', () => {
  test('the first one stays, the second stands aside, and goes on when the first is gone', async ({
    room,
  }) => {
    room.lab.login.port = (await mosquitto()).port;
    await room.startProvisioner();
    const config = { ...room.lab.config, journal: `${room.lab.config.journal}-2` };
    const second = await startProvisioner(config, { log: silentLog, firstLookMs: 4_000 });
    room.onClose(() => second.stop());
    const stands = () => second.health().rival?.first === true && !second.connected;
    await until(stands, 'the second to stand aside', 60_000);
    await until(() => room.provisioner.health().rival?.first === false, 'the first to name it', 60_000);
    await until(() => room.provisioner.connected, 'the first to be back');
    const { connects = 0 } = room.provisioner.relays[0] ?? {};
    await pause(20_000);
    // Looks only, ever more rarely.
    expect(room.provisioner.relays[0]?.connects).toBeLessThan(connects + 5);
    // A look takes the login for a moment; it is left again.
    await until(() => !second.connected, 'the second to stand aside still');
    await room.stopProvisioner();
    await until(() => second.connected, 'the second to go on', 60_000);
  });
});
