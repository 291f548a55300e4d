/** Records by their kinds. */
import type { Notice } from './notice.ts';
import type { ButtonRecord, PressRecord } from './records.ts';
import type { Row } from './state.ts';

export interface JournalContents {
  presses: PressRecord[];
  buttons: ButtonRecord[];
  /** Events that somebody has still to be told of, oldest first. */
  notices: Notice[];
}

/** Pure. */
export function contentsOf(rows: ReadonlyMap<string, Row>): JournalContents {
  const contents: JournalContents = { presses: [], buttons: [], notices: [] };
  for (const row of rows.values()) {
    if (row.kind === 'press') contents.presses.push(row.record);
    else if (row.kind === 'button') contents.buttons.push(row.record);
    else if (row.record.to.length > 0) contents.notices.push(row.record.notice);
  }
  return contents;
}
