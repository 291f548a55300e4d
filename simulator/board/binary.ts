/**
 * A number as the interpreter hands it to its drawing code: cut towards zero, 32 bits, NaN and infinities
 * are 0 (observed: 2.9 draws at 2, -0.9 at 0).
 */
export function toInt32(value: unknown): number {
  const number = typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : 0;
  return Number.isFinite(number) ? Math.trunc(number) | 0 : 0;
}
