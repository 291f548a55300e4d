/** A release whose first order may have arrived is not called off by a refusal that comes later. */
import { describe, expect, type TestContext, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Provisioner } from '../../provisioner/src/service.ts';
import { pause, until } from '../fixtures/patience.ts';
import { type Lab, startLab, TestButton } from '../provisioner/fixtures/lab.ts';

/** A lab whose button has a ready cluster. */
class Room {
  readonly lab: Lab;
  readonly button: TestButton;
  provisioner: Provisioner;

  private constructor(lab: Lab, button: TestButton, provisioner: Provisioner) {
    this.lab = lab;
    this.button = button;
    this.provisioner = provisioner;
  }

  static async open({ onTestFinished }: TestContext): Promise<Room> {
    const lab = await startLab({ ccp: { speed: 300 } });
    onTestFinished(() => lab.close());
    const provisioner = await startProvisioner(lab.config, { log: silentLog });
    let room: Room | undefined;
    onTestFinished(() => (room?.provisioner ?? provisioner).stop());
    room = new Room(lab, await TestButton.connect(lab), provisioner);
    onTestFinished(() => room.button.close());
    await room.button.press(1);
    await room.button.until(status => status.state === 'ready');
    return room;
  }

  get step(): string | undefined {
    return this.provisioner.presses().find(({ press }) => press === 1)?.step;
  }

  async startAgain(): Promise<void> {
    this.provisioner = await startProvisioner(this.lab.config, { log: silentLog });
  }

  /** The platform takes our password again when it has refused it, and what follows from that has happened. */
  async lockOut(): Promise<void> {
    const { ccp } = this.lab;
    const refused = () => ccp.calls().filter(({ path, status }) => path.includes('login') && status === 401);
    const before = refused().length;
    ccp.fail({ kind: 'badLogin' });
    ccp.expireTokens();
    await until(
      () => refused().length > before,
      () => `a refused login in ${JSON.stringify(ccp.calls())}`,
    );
    await pause(1_000);
    ccp.clearFailures();
  }

  async endsAsReleased(): Promise<void> {
    expect(this.step).toBe('releasing');
    // The driver waits ten seconds after a refused login; a new process does not.
    await this.provisioner.stop();
    await this.startAgain();
    await until(() => this.step !== 'releasing', 'the end of the release');
    expect(this.step).toBe('released');
  }
}

describe.concurrent('gone is gone', () => {
  test('when the answer to the order is lost, then the login is refused', async t => {
    const room = await Room.open(t);
    const { ccp } = room.lab;
    ccp.fail({ kind: 'lostAnswer', method: 'DELETE', times: 1 });
    await room.button.press(2, { action: 'release' });
    await until(() => ccp.clusters().length === 0, 'the cluster to go');
    await room.lockOut();
    await room.endsAsReleased();
  });

  test('when killed after the order, and the login is refused at the next start', async t => {
    const room = await Room.open(t);
    const { ccp, config } = room.lab;
    await room.provisioner.stop();
    const journal = await Journal.open(config.journal);
    const made = journal.press('house-01', 1);
    if (made === undefined) throw new Error('no press');
    // As if it had died between the platform's answer and the next write.
    const release = { by: 'button' as const, press: 2, percent: 0, askedAt: Date.now() };
    await journal.write({ presses: [{ ...made, step: 'releasing', release }] });
    await journal.close();
    const [cluster] = ccp.clusters();
    const { url, user: username, password, caPem } = ccp;
    const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca: caPem } });
    const never = new AbortController().signal;
    await platform.remove({ name: 'house-01-1', template: {}, addOns: [] }, cluster?.id ?? '', never);
    await platform.close();
    const locked = room.lockOut();
    await room.startAgain();
    await locked;
    await room.endsAsReleased();
  });
});
