/** The troubles that the demo's own programs make, each with the real thing: a relay that is closed, a proxy that refuses, a process that is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectAsync } from 'mqtt';
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { Notice } from '../../../page/src/facts.ts';
import type { TroubleName } from '../../../page/src/troubles.ts';
import { pressTopic } from '../../../protocol/src/topics.ts';
import type { SimulatedProxy } from '../../../simulator/proxy.ts';
import type { World } from '../world.ts';

/** How long after the platform has begun a build its provisioner is killed, and then stays away (ms). */
const killAfterMs = 400;
const awayMs = 1500;

/** A provisioner that was stopped or cut off is online again within this (ms). */
const onlineLimitMs = 15_000;

const cli = fileURLToPath(new URL('../../bin.js', import.meta.url));

export interface Ground {
  world: World;
  proxy: SimulatedProxy;
  /** The payload of the last press of any of the page's buttons. */
  lastPress: () => { button: string; payload: Buffer } | undefined;
  buttons: readonly string[];
  notice: (notice: Omit<Notice, 'at'>) => void;
  changed: () => void;
  log: Logger;
}

export class DemoTroubles {
  readonly on = new Set<TroubleName>();
  readonly #ground: Ground;
  #undoPlatform: (() => void) | undefined;
  #victim: ChildProcess | undefined;
  /** One change after the other. */
  #queue: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Switches a trouble on or off, or makes one that happens once. Resolves when it is so. */
  set(name: TroubleName, on: boolean): Promise<void> {
    return this.#inTurn(name, () => this.#set(name, on));
  }

  #inTurn(name: TroubleName, work: () => Promise<void>): Promise<void> {
    const { log, changed } = this.#ground;
    this.#queue = this.#queue
      .then(work)
      .catch(error => log.error({ trouble: name, reason: messageOf(error) }, 'trouble could not be made'))
      .then(changed);
    return this.#queue;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    await this.#endVictim('SIGTERM');
  }

  async #set(name: TroubleName, on: boolean): Promise<void> {
    if (this.#closed || this.on.has(name) === on) return;
    const { world, proxy } = this.#ground;
    if (on && name !== 'forged' && name !== 'replay') this.on.add(name);
    else this.on.delete(name);
    switch (name) {
      case 'relay':
        await (on ? world.relayPart.stop() : world.relayPart.start());
        break;
      case 'lab':
        await (on ? this.#stopLab() : this.#resume());
        break;
      case 'proxy':
        proxy.refuse(on);
        break;
      case 'platform':
        this.#undoPlatform?.();
        this.#undoPlatform = on ? world.platform.fail({ kind: 'full' }) : undefined;
        break;
      case 'forged':
      case 'replay':
        if (on) await this.#speakAs(name);
        break;
      case 'killed':
        await (on ? this.#startVictim() : this.#endVictim('SIGTERM'));
    }
    if (!on) await world.provisionerPart.current()?.whenOnline(onlineLimitMs);
  }

  async #stopLab(): Promise<void> {
    this.on.delete('killed');
    await this.#endVictim('SIGTERM');
    await this.#ground.world.provisionerPart.stop();
  }

  /** The demo's own provisioner runs, unless it was stopped or another runs in its place. */
  async #resume(): Promise<void> {
    if (this.#closed || this.on.has('lab') || this.#victim !== undefined) return;
    await this.#ground.world.provisionerPart.start();
  }

  /** Somebody who has the button's password of the relay, and not its key. */
  async #speakAs(name: 'forged' | 'replay'): Promise<void> {
    const { world, lastPress, buttons, notice } = this.#ground;
    const last = lastPress();
    const button = last?.button ?? buttons[0] ?? '';
    if (name === 'replay' && last === undefined) {
      notice({ trouble: name, text: 'Nothing was pressed yet, so there is nothing to replay.' });
      return;
    }
    const provisioner = world.provisionerPart.current();
    if (provisioner === undefined) {
      notice({ trouble: name, text: 'The lab is offline: nobody is there to refuse it.' });
      return;
    }
    const before = { ...provisioner.counters };
    const password = readFileSync(join(world.site.dir, `${button}.password`), 'utf8').trim();
    const stranger = await connectAsync(world.relay.url, {
      clientId: button,
      username: button,
      password,
      reconnectPeriod: 0,
    });
    const payload =
      name === 'replay' && last !== undefined
        ? last.payload
        : Buffer.from(`${'A'.repeat(43)}=.{"press":99,"action":"create"}`);
    await stranger.publishAsync(pressTopic(button), payload, { qos: 1 });
    await stranger.endAsync();
    const { counters } = provisioner;
    const deadline = Date.now() + 2000;
    while (counters.received === before.received && Date.now() < deadline) {
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    const words =
      name === 'forged'
        ? `A press in the name of ${button}, not signed with its key`
        : `The last press of ${button}, recorded and sent again`;
    if (counters.received === before.received) {
      notice({ trouble: name, text: `${words}: the lab has not heard it.` });
      return;
    }
    const refused =
      name === 'forged'
        ? counters.badSignature + counters.badBody + counters.tooLong >
          before.badSignature + before.badBody + before.tooLong
        : counters.accepted === before.accepted;
    const outcome = refused ? 'refused. No cluster was ordered.' : 'NOT refused.';
    notice({ trouble: name, text: `${words}: ${outcome}` });
  }

  /** The provisioner as a process of its own, until it is killed: then the demo's own one goes on with its journal. */
  async #startVictim(): Promise<void> {
    const { world } = this.#ground;
    if (this.on.has('lab')) {
      this.on.delete('killed');
      return;
    }
    await world.provisionerPart.stop();
    const before = new Set(world.platform.clusters().map(({ name }) => name));
    const victim = spawn(process.execPath, [cli, 'provisioner', '--config', world.provisionerFile], {
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    this.#victim = victim;
    const look = setInterval(() => {
      if (!world.platform.clusters().some(({ name }) => !before.has(name))) return;
      clearInterval(look);
      setTimeout(() => void this.#inTurn('killed', () => this.#kill(victim)), killAfterMs);
    }, 50);
    victim.once('exit', () => clearInterval(look));
  }

  async #kill(victim: ChildProcess): Promise<void> {
    const { notice } = this.#ground;
    if (this.#victim !== victim) return;
    await this.#endVictim('SIGKILL');
    notice({ trouble: 'killed', text: 'The provisioner was killed (SIGKILL) in the middle of the build.' });
    await new Promise(resolve => setTimeout(resolve, awayMs));
    this.on.delete('killed');
    await this.#resume();
    notice({ trouble: 'killed', text: 'It runs again, and goes on with what its journal says.' });
  }

  async #endVictim(signal: NodeJS.Signals): Promise<void> {
    const victim = this.#victim;
    this.#victim = undefined;
    if (victim === undefined) return;
    if (victim.exitCode === null && victim.signalCode === null) {
      victim.kill(signal);
      await once(victim, 'exit');
    }
    if (signal === 'SIGTERM') await this.#resume();
  }
}
