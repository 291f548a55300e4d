/** A process for journal.test.ts: journals presses as fast as it can and tells each one after it is written. */
import { Journal } from '../../provisioner/src/journal.ts';
import { pressRecord } from './records.ts';

const journal = await Journal.open(process.argv[2] ?? '');
for (let press = 1; press < 1_000_000; press++) {
  await journal.write({ presses: [pressRecord(press)] });
  process.stdout.write(`${press}\n`);
}
