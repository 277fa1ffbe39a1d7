import type { Outcome, Suite } from './evaluation.ts';

/** A figure with its goal and its limit, as shares of 1. */
export interface Measure {
  name: string;
  goal: number;
  limit: number;
  /** Whether more is better. */
  rising: boolean;
  of(outcomes: readonly Outcome[]): readonly [count: number, all: number];
}

const answerable = (outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.filter((outcome) => outcome.answerable);
const part = (
  outcomes: readonly Outcome[],
  test: (outcome: Outcome) => boolean,
): readonly [number, number] => [outcomes.filter(test).length, outcomes.length];

/** Goals and limits of the small corpora, where they differ. */
const corpusLimits: Readonly<Record<string, { goal: number; limit: number }>> = {
  'right page cited first': { goal: 0.8, limit: 0.8 },
  'unanswerable declined': { goal: 0.8, limit: 0.8 },
};

/** A declined question has no first page: it counts against every one of these. */
const manualMeasures: readonly Measure[] = [
  {
    name: 'right page cited first',
    goal: 0.8,
    limit: 0.65,
    rising: true,
    of: (all) => part(answerable(all), (one) => one.rank === 1),
  },
  {
    name: 'right page among three',
    goal: 0.92,
    limit: 0.85,
    rising: true,
    of: (all) => part(answerable(all), (one) => one.rank > 0),
  },
  {
    name: 'unanswerable declined',
    goal: 0.8,
    limit: 0.65,
    rising: true,
    of: (all) =>
      part(
        all.filter((one) => !one.answerable),
        (one) => one.declined,
      ),
  },
  {
    name: 'answerable declined',
    goal: 0.1,
    limit: 0.2,
    rising: false,
    of: (all) => part(answerable(all), (one) => one.declined),
  },
  {
    name: 'quotes verbatim',
    goal: 1,
    limit: 1,
    rising: true,
    of: (all) =>
      part(
        all.filter((one) => !one.declined),
        (one) => one.verbatim,
      ),
  },
  {
    name: 'quote holds the words',
    goal: 0.6,
    limit: 0.45,
    rising: true,
    of: (all) => part(answerable(all), (one) => one.holdsWords),
  },
];

const corpusMeasures: readonly Measure[] = manualMeasures.map((measure) => ({
  ...measure,
  ...corpusLimits[measure.name],
}));

/** The measures of a suite: the manual has its own. */
export function limitsOf(suite: Pick<Suite, 'name'>): readonly Measure[] {
  return suite.name.startsWith('postgresql') ? manualMeasures : corpusMeasures;
}

const share = ([count, all]: readonly [number, number]): number => (all === 0 ? 0 : count / all);
const percent = (value: number): string => `${Math.round(value * 100)} %`;
const show = (pair: readonly [number, number]): string => `${pair[0]}/${pair[1]} ${percent(share(pair))}`;

/** Measures that are beyond their limit over all questions. */
export function failures(
  outcomes: readonly Outcome[],
  measures: readonly Measure[] = manualMeasures,
): string[] {
  return measures
    .filter((measure) => {
      const value = share(measure.of(outcomes));
      return measure.rising ? value < measure.limit : value > measure.limit;
    })
    .map(
      (measure) =>
        `${measure.name}: ${show(measure.of(outcomes))}, never ${measure.rising ? 'below' : 'above'} ${percent(measure.limit)}`,
    );
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The table of all measures: tuned and held-out questions apart. */
export function report(outcomes: readonly Outcome[], measures: readonly Measure[] = manualMeasures): string {
  const tuned = outcomes.filter((outcome) => !outcome.heldOut);
  const heldOut = outcomes.filter((outcome) => outcome.heldOut);
  const rows = measures.map((measure) => [
    measure.name,
    show(measure.of(tuned)),
    show(measure.of(heldOut)),
    show(measure.of(outcomes)),
    `${measure.rising ? '≥' : '≤'} ${percent(measure.goal)}`,
    percent(measure.limit),
  ]);
  const times = outcomes.map((outcome) => outcome.milliseconds).sort((one, other) => one - other);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  const high = times[Math.floor(times.length * 0.95)] ?? 0;
  const body = table([['', 'tuned', 'held out', 'all', 'goal', 'limit'], ...rows]);
  return `${body}\nTime to answer: median ${median.toFixed(0)} ms, 95th percentile ${high.toFixed(0)} ms.`;
}

/** One line for each question that did not go as it should; held-out ones are not shown. */
export function misses(outcomes: readonly Outcome[]): string {
  return outcomes
    .filter((outcome) => !outcome.heldOut)
    .filter((outcome) => (outcome.answerable ? outcome.rank !== 1 || !outcome.holdsWords : !outcome.declined))
    .map((outcome) => {
      const cited = outcome.citations.map((citation) => citation.url?.split('/').at(-1)).join(', ');
      const quote = outcome.citations[0]?.quote.replace(/\s+/g, ' ').slice(0, 160) ?? '';
      return `${outcome.answerable ? 'answerable' : 'unanswerable'}: ${outcome.question}\n    ${outcome.declined ? 'declined' : `cited ${cited}: ${quote}`}`;
    })
    .join('\n');
}
