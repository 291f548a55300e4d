/** The journal and what goes with it. */
export { pressKey } from './codec.ts';
export { type Change, Journal, JournalError, type JournalOptions, type Outbox } from './journal.ts';
export { type JournalContents, readJournal } from './read.ts';
