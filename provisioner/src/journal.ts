/** The journal and what goes with it. */
export { pressKey } from './journal/codec.ts';
export { type Change, Journal, JournalError, type JournalOptions, type Outbox } from './journal/journal.ts';
export { type JournalContents, readJournal } from './journal/read.ts';
