/** One row of a table of results. */
export interface Row {
  figure: string;
  floor: string;
  ours: string;
  ratio: string;
  goal: string;
  met: string;
}

/** A figure against its floor. `goal` is a least ratio (`>=`) or a greatest (`<=`). */
export function compare(of: {
  figure: string;
  unit: string;
  floor: number;
  ours: number;
  goal: { sign: '>=' | '<='; ratio: number };
  digits?: number;
}): Row {
  const { figure, unit, floor, ours, goal, digits = 0 } = of;
  const ratio = ours / floor;
  const met = goal.sign === '>=' ? ratio >= goal.ratio : ratio <= goal.ratio;
  const show = (value: number): string => `${value.toFixed(digits)} ${unit}`;
  return {
    figure,
    floor: show(floor),
    ours: show(ours),
    ratio: ratio.toFixed(2),
    goal: `${goal.sign} ${goal.ratio.toFixed(2)}`,
    met: met ? 'yes' : 'no',
  };
}

/** A Markdown table. */
export function toMarkdown(rows: readonly Row[]): string {
  const head: Row = {
    figure: 'figure',
    floor: 'floor',
    ours: 'ours',
    ratio: 'ratio',
    goal: 'goal',
    met: 'met',
  };
  const line = (row: Row): string =>
    `| ${[row.figure, row.floor, row.ours, row.ratio, row.goal, row.met].join(' | ')} |`;
  return [line(head), '|---|---|---|---|---|---|', ...rows.map(line)].join('\n');
}
