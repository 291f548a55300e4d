/**
 * A process for the journal's tests: `journal-child.ts <folder>`. Writes to the journal as fast as it can and says a
 * line for each thing behind it: `ok <button> <press> <percent>`, `failed <words>`, `broken <words>`, `mended`.
 */
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Journal, JournalError } from '../../provisioner/src/journal/index.ts';
import { newButton } from '../../provisioner/src/journal/records.ts';
import { noticeOf, pressRecord } from './records.ts';

const [, , folder = ''] = process.argv;
/** Out of this process at once, so that nothing told is lost with it. */
const tell = (line: string) => writeSync(1, `${line}\n`);

const journal = await Journal.open(folder);
journal.connect({ addressees: () => ['a', 'b'], onNew: () => {} });
journal.onChange(broken => tell(broken === undefined ? 'mended' : `broken ${broken}`));

/** The last of them asks for nothing that stands, so that old ones are forgotten all the time. */
const buttons = ['house-01', 'house-02', 'house-03', 'rejected-01'];

async function write(name: string, press: number, percent: number): Promise<void> {
  const step = name === 'rejected-01' ? 'rejected' : percent === 100 ? 'ready' : 'building';
  const notices = percent === 100 ? [noticeOf(press, { button: name, id: `${name}-${press}` })] : [];
  const button = { ...newButton(name), lastPress: press };
  try {
    await journal.write({ presses: [pressRecord(press, { button: name, step, percent })], button, notices });
    tell(`ok ${name} ${press} ${percent}`);
    for (const { id } of notices) await journal.settled(press % 2 === 0 ? 'a' : 'b', [id]);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    tell(`failed ${error.message}`);
    await wait(50);
  }
}

await Promise.all(
  buttons.map(async name => {
    const first = journal.button(name).lastPress + 1;
    for (let press = first; press < first + 1_000_000; press++) {
      for (const percent of [0, 50, 100]) await write(name, press, percent);
    }
  }),
);
