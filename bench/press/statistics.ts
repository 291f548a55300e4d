/** Order statistics of measured times. */

/** The value below which `percent` of all lie (nearest rank). NaN for nothing. */
export function percentileOf(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export function medianOf(values: readonly number[]): number {
  return percentileOf(values, 50);
}
