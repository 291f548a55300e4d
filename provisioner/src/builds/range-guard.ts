/** One build's side of two clusters with one range: looks whether somebody else has ours, and gives way. */

import { deleteOnce } from './delete.ts';
import { type JobDeps, oursOf } from './job.ts';
import { lookForClash, RangeTaken } from './range-clash.ts';
import type { Report } from './report.ts';

/** So often a range may turn out to be somebody else's before a person has to look. */
const maxClashes = 10;

/** A removal that shows no effect is asked for again after so many looks. */
const looksPerOrder = 5;

export class RangeGuard {
  readonly #deps: JobDeps;
  readonly #report: Report;
  readonly #signal: AbortSignal;
  #isAlone = false;
  #looks = 0;

  constructor(deps: JobDeps, report: Report, signal: AbortSignal) {
    this.#deps = deps;
    this.#report = report;
    this.#signal = signal;
  }

  /** Nobody else had the range at the last look. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /**
   * Whether somebody else has our range; then it is on record that this one gives way.
   * @param last before it is said to be ready.
   * @throws RangeTaken when that has happened too often.
   */
  async clashes(last: boolean): Promise<boolean> {
    const { record } = this.#report;
    const { range = '', clash } = record;
    this.#isAlone = false;
    const listed = await this.#deps.platform.clusters(this.#signal);
    const look = lookForClash(listed, oursOf(this.#deps, record), range, last);
    if (look.kind === 'clash' && record.recovered === true) {
      // It may be in use, so it does not give way: a person has to look.
      this.#deps.log.error(
        { range, with: look.with },
        'somebody else has the range of this recovered cluster',
      );
      this.#isAlone = true;
      return false;
    }
    if (look.kind !== 'clash') {
      this.#isAlone = look.kind === 'alone';
      return false;
    }
    this.#deps.log.warn({ range, with: look.with }, 'somebody else has this range: another one is taken');
    if ((clash?.times ?? 0) >= maxClashes) throw new RangeTaken(`Range ${range} is taken by ${look.with}`);
    await this.#report.giveWay(look.with);
    return true;
  }

  /** One look and perhaps one order. True when nothing is left of what was made with a range of somebody else's. */
  async makeWay(): Promise<boolean> {
    const mayAsk = () => this.#looks++ % looksPerOrder === 0;
    const ours = oursOf(this.#deps, this.#report.record);
    const removed = await deleteOnce(this.#deps.platform, ours, mayAsk, this.#signal);
    if (removed.kind !== 'gone') {
      await this.#report.advance({ phase: 'taking another address range' });
      return false;
    }
    this.#looks = 0;
    this.#isAlone = false;
    await this.#report.gaveWay();
    return true;
  }
}
