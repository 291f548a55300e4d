/** What the bench prints. */
import type { BrokerName } from './brokers.ts';
import { medianTurn, type Row, ratioToAedes } from './measure.ts';

/** What we set out for: our checks' cost over bare aedes (%), memory for an idle plain connection (kB). */
const expectedCostPercent = 15;
const expectedIdleKb = 20;

const nameWidth = 52;
const columnWidth = 19;

export function header(names: readonly BrokerName[]): string {
  const columns = names.map(name => (name === 'aedes' ? 'bare aedes' : name).padStart(columnWidth));
  return `${'medians (in brackets: ratio to bare aedes)'.padEnd(nameWidth)}${columns.join('')}`;
}

export function line(row: Row, names: readonly BrokerName[]): string {
  const columns = names.map(name => {
    const value = medianTurn(row, name);
    if (Number.isNaN(value)) return '-'.padStart(columnWidth);
    const ratio = name === 'aedes' || row.unit === '%' ? '' : ` (${ratioToAedes(row, name).toFixed(2)})`;
    return `${value.toFixed(row.digits)}${ratio}`.padStart(columnWidth);
  });
  return `${`${row.name}, ${row.unit}`.padEnd(nameWidth)}${columns.join('')}`;
}

/** Whether the relay keeps what was promised, in sentences. */
export function verdicts(rows: readonly Row[]): string[] {
  const latency = rows.filter(({ name }) => name.startsWith('latency') && name.endsWith('median'));
  const rates = rows.filter(({ name }) => name.startsWith('messages per second'));
  const costs = rows.filter(({ name }) => name.includes('processor time'));
  const idle = rows.find(({ name }) => name.startsWith('memory per idle connection, plain'));
  const slower = latency.map(row => (ratioToAedes(row, 'relay') - 1) * 100);
  const fewer = rates.map(row => (1 / ratioToAedes(row, 'relay') - 1) * 100);
  const dearer = costs.map(row => (ratioToAedes(row, 'relay') - 1) * 100);
  const idleKb = idle ? medianTurn(idle, 'relay') : Number.NaN;
  return [
    cost('latency', slower),
    cost('throughput (time per message)', fewer),
    cost('processor time per message', dearer),
    `idle memory per plain connection: ${idleKb.toFixed(1)} kB (expected: at most ${expectedIdleKb}): ${kept(idleKb <= expectedIdleKb)}`,
  ];
}

function cost(what: string, percents: readonly number[]): string {
  const all = percents.map(percent => `${percent > 0 ? '+' : ''}${percent.toFixed(0)} %`).join(', ');
  const worst = Math.max(...percents);
  return `our checks over bare aedes, ${what}: ${all} (expected: at most ${expectedCostPercent} %): ${kept(worst <= expectedCostPercent)}`;
}

function kept(yes: boolean): string {
  return yes ? 'kept' : 'NOT KEPT';
}
