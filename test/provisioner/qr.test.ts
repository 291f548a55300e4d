import { expect, test } from 'vitest';
import { qrOf } from '../../provisioner/src/buttons/qr.ts';
import { modulesOf, readQr } from './fixtures/qr-reader.ts';

const table: [url: string, side: number, text: string][] = [
  ['https://10.10.20.31:6443', 21, 'HTTPS://10.10.20.31:6443'],
  ['https://10.10.20.31:6443/', 21, 'HTTPS://10.10.20.31:6443'],
  ['https://100.100.200.131:6443', 25, 'HTTPS://100.100.200.131:6443'],
  ['https://10.10.20.31', 21, 'HTTPS://10.10.20.31'],
  ['https://api.house-01-1.lab.example.net:6443', 25, 'HTTPS://API.HOUSE-01-1.LAB.EXAMPLE.NET:6443'],
  ['https://API.Lab.example.net:6443', 25, 'HTTPS://API.LAB.EXAMPLE.NET:6443'],
  // What upper case would change, or what the short mode lacks, stays as it is.
  ['https://[fd00::10]:6443', 25, 'https://[fd00::10]:6443'],
  ['https://lab.example.net/k8s/clusters/c-1', 29, 'https://lab.example.net/k8s/clusters/c-1'],
  ['https://lab_1.example.net:6443', 25, 'https://lab_1.example.net:6443'],
  // 77 characters are the most that 29 modules hold.
  [`https://${'a'.repeat(50)}.example.net:6443`, 29, `HTTPS://${'A'.repeat(50)}.EXAMPLE.NET:6443`],
  [`https://${'a'.repeat(52)}.example.net:6443`, 29, `HTTPS://${'A'.repeat(52)}.EXAMPLE.NET:6443`],
];

test.each(table)('the code is as small as it can be, and reads back: %s', (url, side, text) => {
  const modules = modulesOf(qrOf(url) ?? '');
  expect(modules).toHaveLength(side);
  expect(readQr(modules)).toBe(text);
});

test('no code rather than one that the display cannot show', () => {
  const longest = `https://${'a'.repeat(52)}.example.net:6443`;
  expect(longest).toHaveLength(77);
  expect(qrOf(longest.replace('example', 'example1'))).toBeUndefined();
  expect(qrOf(`https://lab.example.net/${'x'.repeat(5_000)}`)).toBeUndefined();
  expect(qrOf('not a url')).toBeUndefined();
});

test('bits row by row, no padding between rows, as few bytes as hold them', () => {
  const [side, base64] = (qrOf('https://10.10.20.31:6443') ?? '').split(':');
  expect(side).toBe('21');
  const bytes = Buffer.from(base64 ?? '', 'base64');
  expect(bytes).toHaveLength(Math.ceil((21 * 21) / 8));
  // The first row begins with the finder's edge: seven dark, one light.
  expect(bytes[0]).toBe(0b11111110);
});

test('the reader notices a single wrong module', () => {
  const modules = modulesOf(qrOf('https://10.10.20.31:6443') ?? '');
  const row = modules[12];
  if (row !== undefined) row[12] = !row[12];
  expect(() => readQr(modules)).toThrow('check words');
});
