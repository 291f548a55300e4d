/** The chip's Wi-Fi and its consoles as they really are: rows of docs/chip.md. */
import { describe, expect, test } from 'vitest';
import type { Board } from '../../../simulator/board/board.ts';
import { type BoardOptions, flashed, newest } from '../../../simulator/board/options.ts';
import { runFor, sleepNow } from './fixtures/harness.ts';
import { stranger } from './fixtures/stranger.ts';

const home = { ssid: 'home', password: 'secret' };
const other = { ssid: 'other', password: 'secret' };
const networks = [home, other];

const wifi = `var W = require("Wifi");
  W.on("disconnected", function(e) { print("event " + e.reason + " " + e.msg + " " + typeof e.reason) });
  function join(name, key, then) {
    W.connect(name, {password: key}, function(e) { print(name + " " + e); if (then) then(); });
  }
  function ip(what) { print(what + " " + W.getIP().ip) }`;
const shutConsoles = 'require("Wifi").stopAP(); require("TelnetServer").setOptions({mode: "off"});';

const address = '192.168.43.17';

async function doors(program: string, options: Partial<BoardOptions> = {}) {
  let found: string[] = [];
  await runFor(5000, program, { networks, ...flashed, bootMs: 500, ...options }, (board, clock) => {
    found = stranger(board, clock).found;
  });
  return found;
}

const states = (board: Board) => board.trace.flatMap(entry => (entry.what === 'wifi' ? [entry.state] : []));

describe('who gets in', () => {
  test('every boot ends in an open access point; newer interpreters do without', async () => {
    expect(await doors('')).toEqual(['ap']);
    expect(await doors('', { later: newest })).toEqual([]);
    const wakes = 'if (ESP32.getWakeupCause() == 0) ESP32.deepSleep(1e6);';
    expect(await doors(wakes)).toEqual(['ap']);
  });

  test('connect makes it access point and station at once, in newer interpreters too', async () => {
    const program = `${wifi} join("home", "secret");`;
    expect(await doors(program)).toEqual(['ap', 'ap station']);
    expect(await doors(program, { later: newest })).toEqual(['ap', 'ap station']);
  });

  test('stopAP in the first run of the program: there is never an access point, and connect makes none', async () => {
    expect(await doors(`require("Wifi").stopAP(); ${wifi} join("home", "secret");`)).toEqual(['station']);
  });

  test('stopAP a moment later is too late', async () => {
    expect(await doors('setTimeout(function() { require("Wifi").stopAP() }, 200);')).toEqual(['ap', '']);
  });

  test('telnet answers on every interface that is up, from the end of the first run on', async () => {
    const asleep = `setTimeout(function() { ${sleepNow} }, 3000);`;
    expect(await doors(`${wifi} W.stopAP(); join("home", "secret"); ${asleep}`)).toEqual(['station', '']);
    // Rewriting the flash keeps the first run going for longer than the stranger tries.
    const fill = 'for (var i = 0; i < 95; i++) require("Storage").write("big", "x".repeat(10000) + i);';
    expect(await doors(`${wifi} join("home", "secret"); ${fill}`)).toEqual([]);
  });

  test('telnet switched off in the first run never answers; switched on again, it does', async () => {
    const off = 'require("TelnetServer").setOptions({mode: "off"});';
    const on = 'setTimeout(function() { require("TelnetServer").setOptions({mode: "on"}) }, 2000);';
    expect(await doors(`${off} ${wifi} join("home", "secret");`)).toEqual([]);
    expect(await doors(`${off} ${wifi} join("home", "secret"); ${on}`)).toEqual(['ap station']);
  });

  test('both consoles shut first thing: nobody gets in, from boot to sleep', async () => {
    const program = `${shutConsoles} ${wifi} join("home", "secret", function() { ESP32.deepSleep(2e6) });`;
    expect(await doors(program)).toEqual([]);
  });

  test('the Bluetooth console is open for as long as the chip is awake, unless flash has shut it', async () => {
    const program = `${shutConsoles} setTimeout(function() { ${sleepNow} }, 1000);`;
    expect(await doors(program, { bluetooth: 'open' })).toEqual(['bluetooth', '']);
    expect(await doors(program)).toEqual([]);
  });

  test('a mode that telnet does not know is refused', async () => {
    const program =
      'try { require("TelnetServer").setOptions({mode: "shut"}) } catch (e) { print(e.message) }';
    expect((await runFor(10, program)).prints).toEqual(['Unknown mode value']);
  });
});

describe('the radio', () => {
  const leaves = `${wifi} W.stopAP(); join("home", "secret", function() { W.disconnect(); setTimeout(function() { ${sleepNow} }, 3000) });`;

  test('after Wifi.disconnect the radio stays started until deep sleep; newer interpreters stop it', async () => {
    const old = await runFor(9000, leaves, { networks });
    expect(states(old)).toEqual(['joining', 'joined', 'idle', 'off']);
    const off = old.trace.filter(({ what }) => what === 'wifi' || what === 'sleep').slice(-2);
    expect(off.map(({ what }) => what)).toEqual(['wifi', 'sleep']);
    const later = await runFor(9000, leaves, { networks, later: newest });
    expect(states(later)).toEqual(['joining', 'joined', 'off']);
  });

  test('from the access point at boot to the sleep the trace has the radio on', async () => {
    const board = await runFor(9000, `setTimeout(function() { ${sleepNow} }, 3000);`);
    expect(states(board)).toEqual(['accessPoint', 'off']);
  });
});

describe('a join that fails', () => {
  const told = async (program: string, options: Partial<BoardOptions> = {}) =>
    (await runFor(30_000, `${wifi} W.stopAP(); ${program}`, { networks, ...options })).prints;

  test('connect tries once and never calls back; the event tells, once', async () => {
    expect(await told('join("away", "x");')).toEqual(['event 201 NO_AP_FOUND string']);
  });

  test('newer interpreters try three times, and call back too', async () => {
    const later = newest;
    expect(await told('join("away", "x");', { later })).toEqual([
      'event 201 NO_AP_FOUND string',
      'away NO_AP_FOUND',
    ]);
    expect(await told('join("home", "secret");', { later, troubles: { joinsRefused: 2 } })).toEqual([
      'home null',
    ]);
  });

  test('no such network is told after about a second', async () => {
    const late = 'setTimeout(function() { print("late") }, 1100);';
    expect(await told(`join("away", "x"); ${late}`)).toEqual(['event 201 NO_AP_FOUND string', 'late']);
  });

  test.each([
    ['away', 'secret', '201 NO_AP_FOUND'],
    ['home', 'wrong', '15 4WAY_HANDSHAKE_TIMEOUT'],
    ['home', 'secret', '2 AUTH_EXPIRE'],
  ])('the reason tells one failure from another: %s, %s', async (name, key, reason) => {
    expect(await told(`join("${name}", "${key}");`, { troubles: { joinsRefused: 1 } })).toEqual([
      `event ${reason} string`,
    ]);
  });

  test('refused once and good the second time, without a disconnect between', async () => {
    const program = 'W.on("disconnected", function() { join("home", "secret") }); join("home", "secret");';
    expect(await told(program, { troubles: { joinsRefused: 1 } })).toEqual([
      'event 2 AUTH_EXPIRE string',
      'home null',
    ]);
  });

  test('our own leaving is reason 8', async () => {
    expect(await told('join("home", "secret", function() { W.disconnect() });')).toEqual([
      'home null',
      'event 8 ASSOC_LEAVE string',
    ]);
  });
});

describe('names and keys', () => {
  const joined = async (name: string, key: string) => {
    // As flashed: what is above 127 stands as bytes in the program's 8-bit string.
    const bytes = Buffer.from(name)
      .toString('latin1')
      .replace(/[^ -~]/g, c => `\\x${c.charCodeAt(0).toString(16)}`);
    const program = `${wifi} join("${bytes}", "${key}", function() { print("" + W.getDetails().password.length) });`;
    const { prints } = await runFor(9000, program, { networks: [{ ssid: name, password: key }] });
    return prints.map(text => text.replaceAll(/[^ -~]/g, '?'));
  };

  test('a name of 31 bytes joins, one of 32 is cut and not found', async () => {
    expect((await joined('n'.repeat(31), 'k'))[0]).toBe(`${'n'.repeat(31)} null`);
    expect(await joined('n'.repeat(32), 'k')).toEqual(['event 201 NO_AP_FOUND string']);
  });

  test('a key of 63 characters joins, one of 64 digits is cut and refused', async () => {
    expect(await joined('home', 'k'.repeat(63))).toEqual(['home null', '63']);
    expect(await joined('home', '0'.repeat(64))).toEqual(['event 15 4WAY_HANDSHAKE_TIMEOUT string']);
  });

  test('bytes above 127 pass as they are: "Ada’s iPhone" is joined', async () => {
    expect(await joined('Ada’s iPhone', 'k')).toEqual(['Ada???s iPhone null', '1']);
  });
});

describe('the second address of a boot', () => {
  const twice = `${wifi} W.stopAP();
    join("home", "secret", function() { W.disconnect(); setTimeout(function() { join("home", "secret") }, 100) });
    setTimeout(function() { ip("by then") }, 8000);`;

  test('it is never told, though the station is joined: getIP has it', async () => {
    const board = await runFor(9000, twice, { networks });
    expect(board.prints).toEqual(['home null', 'event 8 ASSOC_LEAVE string', `by then ${address}`]);
    expect(states(board).slice(-1)).toEqual(['joined']);
  });

  test('some have luck, and are told', async () => {
    const board = await runFor(9000, twice, { networks, troubles: { mdnsIsFree: true } });
    expect(board.prints).toEqual([
      'home null',
      'event 8 ASSOC_LEAVE string',
      'home null',
      `by then ${address}`,
    ]);
  });

  test('from then on no event comes, and the address stays whatever is left or joined', async () => {
    const program = `${twice}
      setTimeout(function() { W.disconnect(); ip("left") }, 10000);
      setTimeout(function() { join("away", "x") }, 11000);
      setTimeout(function() { ip("absent") }, 20000);
      setTimeout(function() { join("other", "secret") }, 21000);
      setTimeout(function() { ip("elsewhere"); print(W.getDetails().ssid) }, 30000);`;
    const board = await runFor(31_000, program, { networks });
    expect(board.prints.slice(3)).toEqual([
      `left ${address}`,
      `absent ${address}`,
      `elsewhere ${address}`,
      'home',
    ]);
    expect(board.knock().station).toBe(false);
  });

  test('a deep sleep begins afresh', async () => {
    const program = `${wifi} join("home", "secret", function() { ESP32.deepSleep(1e6) });`;
    const board = await runFor(20_000, program, { networks });
    expect(board.prints.length).toBeGreaterThan(5);
    expect(new Set(board.prints)).toEqual(new Set(['home null']));
  });
});
