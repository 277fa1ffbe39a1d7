/** The value that a share of all does not exceed; NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The value in the middle. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** How far values lie apart, as a share of the smallest. */
export function drift(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values) - 1;
}

/** Floors that differ by more make a figure worthless: the machine was busy with something else. */
export const MOST_DRIFT = 0.15;
