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
  // Small ratios, such as an eighth, need a digit more.
  const digitsOf = goal.ratio < 0.5 ? 3 : 2;
  const show = (value: number): string => `${value.toFixed(digits)} ${unit}`.trim();
  return {
    figure,
    floor: show(floor),
    ours: show(ours),
    ratio: ratio.toFixed(digitsOf),
    goal: `${goal.sign} ${goal.ratio.toFixed(digitsOf)}`,
    met: met ? 'yes' : 'no',
  };
}

/** What is added to a floor, and how much may be. */
export function added(of: {
  figure: string;
  unit: string;
  floor: number;
  ours: number;
  most: number;
  digits?: number;
}): Row {
  const { figure, unit, floor, ours, most, digits = 0 } = of;
  const more = ours - floor;
  const show = (value: number): string => `${value.toFixed(digits)} ${unit}`;
  return {
    figure,
    floor: show(floor),
    ours: show(ours),
    ratio: `${more < 0 ? '' : '+'}${show(more)}`,
    goal: `<= +${most} ${unit}`,
    met: more <= most ? 'yes' : 'no',
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
