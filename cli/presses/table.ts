/** Times, durations and tables, as a person reads them in a terminal. */
import { oneLine } from '../../provisioner/src/common/line.ts';

/** Local time to the second, as it sorts: 2026-03-01 09:30:00. @param ms since 1970. */
export function when(ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Two units at most: 0.3 s, 160 s, 12 min, 3 h 20 min, 5 d 4 h. */
export function howLong(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 300) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 48 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function two(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** Columns under each other; only the last may be longer than its place. Printable ASCII, whatever the cells hold. */
export function table(rows: readonly (readonly string[])[], width: number): string[] {
  const clean = rows.map(row => row.map(cell => oneLine(cell, maxCellLength)));
  const columns = Math.max(0, ...clean.map(row => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...clean.map(row => (row[i] ?? '').length)),
  );
  return clean.map(row =>
    cut(
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
        .join(gap)
        .trimEnd(),
      width,
    ),
  );
}

const gap = '  ';
/** Nothing we show is longer; what is was not made by us. */
const maxCellLength = 300;

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 2)).trimEnd()}..`;
}

export interface Out {
  isTTY?: boolean;
  columns?: number;
}

/** Narrower than this, a line says nothing any more (characters). */
const minWidth = 40;

/** A terminal's own width, or COLUMNS. A file or a pipe gets whole lines: there, nothing has to fit. */
export function widthOf(out: Out, env: NodeJS.ProcessEnv): number {
  const wanted = out.isTTY === true ? out.columns : Number(env.COLUMNS ?? '');
  if (wanted === undefined || !(wanted > 0)) return out.isTTY === true ? 80 : Number.POSITIVE_INFINITY;
  return Math.max(minWidth, wanted);
}

/** The names of the columns are for a person only: on a terminal. */
export function headed(head: readonly string[], rows: readonly (readonly string[])[], out: Out): string[] {
  const withHead = out.isTTY === true && rows.length > 0 ? [head, ...rows] : rows;
  return table(withHead, widthOf(out, process.env));
}
