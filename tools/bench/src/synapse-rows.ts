import { median } from './numbers.ts';
import { compare, type Row } from './table.ts';

/** How long something took in ms. */
export interface Latency {
  p50: number;
  p99: number;
}

/** The latencies of some rounds at a rate. */
export interface AtRate {
  perSecond: number;
  latencies: readonly Latency[];
}

/** F1: messages a second of both. */
export function throughputRow(synapse: number, ours: number): Row {
  return compare({
    figure: 'F1 against Synapse (closed loop)',
    unit: '/s',
    digits: 1,
    floor: synapse,
    ours,
    goal: { sign: '>=', ratio: 100 },
  });
}

/** F3: each at the rate it was measured at. */
export function answerRows(synapse: AtRate, ours: AtRate): Row[] {
  const goals = { p50: 1 / 8, p99: 1 / 3 };
  return (['p50', 'p99'] as const).map((share) =>
    compare({
      figure: `F3 against Synapse ${share} (Synapse at ${synapse.perSecond}/s, ours at ${ours.perSecond}/s)`,
      unit: 'ms',
      digits: 1,
      floor: median(synapse.latencies.map((one) => one[share])),
      ours: median(ours.latencies.map((one) => one[share])),
      goal: { sign: '<=', ratio: goals[share] },
    }),
  );
}
