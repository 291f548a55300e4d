/** The part of README that has the bench's figures: between two marks, written by `npm run bench:energy -- --write`. Pure. */
import type { BoardName } from '../../simulator/power/currents.ts';
import { daysOn } from '../../simulator/power/model.ts';
import { type BoardFigures, type Figures, figuresFor, type Row } from './figures.ts';
import { batteryMah, expectedRatio } from './table.ts';

const begin = '<!-- bench:energy -->';
const end = '<!-- /bench:energy -->';

const recommended: BoardName = 'firebeetle-2-esp32-e';
const columns: [BoardName, string][] = [
  [recommended, 'FireBeetle 2 ESP32-E + SSD1306'],
  ['esp32-ssd1306', 'ESP32 + SSD1306 by hand'],
  ['heltec-wifi-kit-32, as V3', "Heltec, at the V3 maker's 15 µA asleep"],
  ['heltec-wifi-kit-32', 'Heltec, at the 9.2 mA once reported for a V2'],
];

const part = (ratio: number) => `1/${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)}`;
const inThousands = (count: number) => count.toLocaleString('en');
const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
const isMissed = ({ buildS, ratio }: Row) => ratio < (expectedRatio[buildS] ?? 0);

function cell(row: Row): string {
  const text = `${row.ours.toFixed(1)} mAh (${part(row.ratio)})`;
  return isMissed(row) ? `${text}, missed: at best ${part(row.floorRatio)}` : text;
}

function table(boards: BoardFigures[]): string[] {
  const [first] = boards as [BoardFigures];
  const builds = first.rows.map((row, i) =>
    line([
      `${row.buildS / 60} min`,
      `${row.original.toFixed(1)} mAh`,
      ...boards.map(({ rows }) => cell(rows[i] as Row)),
    ]),
  );
  const days = boards.map(
    ({ standbyMa }) => `${inThousands(Math.round(daysOn(batteryMah, standbyMa)))} days`,
  );
  return [
    line(['build takes', '2019 sketch (radio on all the way)', ...columns.map(([, name]) => name)]),
    line(['---', ...columns.map(() => '---'), '---']),
    ...builds,
    line([`standby on ${inThousands(batteryMah)} mAh`, '', ...days]),
  ];
}

/** What stands between the marks. */
export function readmePart(figures: Figures): string {
  const boards = columns.map(([name]) => figuresFor(figures, name));
  const row = (board: BoardName, buildS: number, light = false) =>
    figuresFor(figures, board, light).rows.find(each => each.buildS === buildS) as Row;
  const short = row(recommended, 180);
  const long = row(recommended, 600);
  const lightHeltec = row('heltec-wifi-kit-32, as V3', 180, true);
  const { warning } = figuresFor(figures, recommended);
  return [
    begin,
    '',
    ...table(boards),
    '',
    `- The aim is 1/${expectedRatio[180]} at 3 minutes and 1/${expectedRatio[600]} at 10 on the FireBeetle. Each ratio is to the 2019 timeline on the same board, its address shown for as long as ours.`,
    `- With the 30 s for which that sketch really showed it, they are ${part(short.strictRatio)} and ${part(long.strictRatio)}; if the CPU idles and the radio dozes while it is joined, in both buttons, ${part(short.dozingRatio)} and ${part(long.dozingRatio)}; if neither core of ours ever idles, ${part(short.busiestRatio)} and ${part(long.busiestRatio)}.`,
    `- "At best" is the floor: two contacts with the lab, the same pictures, asleep for all the rest; on the Heltec awake for a picture.`,
    `- On the Heltec the chip has to stay awake for a picture; a later Espruino with light sleep brings its 3 minutes to ${part(lightHeltec.ratio)} at 15 µA.`,
    `- A cluster with a time to live: ${(warning.lookMah + warning.shownMah).toFixed(1)} mAh for a warning, and ${warning.waitingMahPerHour.toFixed(1)} for each hour until then.`,
    '',
    end,
  ].join('\n');
}

/** README with that part as the figures have it. */
export function readmeWith(readme: string, figures: Figures): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md has no part from ${begin} to ${end}`);
  return readme.slice(0, from) + readmePart(figures) + readme.slice(to + end.length);
}
