/** The journal and what goes with it. */
export { pressKey } from './codec.ts';
export type { JournalContents } from './contents.ts';
export { Journal, JournalError } from './journal.ts';
export { copyJournal, readJournal } from './read.ts';
export { JournalInUse } from './store.ts';
