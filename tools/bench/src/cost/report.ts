import type { Row } from '../table.ts';
import type { Figures } from './figures.ts';
import type { LogTotals } from './statement-log.ts';
import type { Way } from './trace-hops.ts';

/** Figures of both sides; a side without a figure is absent, and so is the base where none was given. */
export interface Pair {
  base?: Figures | undefined;
  ours?: Figures | undefined;
}

const TEXT_LIMIT = 150;

/** As many digits as say something. */
export function show(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 0.1 || size === 0 ? 2 : 3);
}

function cell(name: string, { base, ours }: Pair): string {
  const [before, now] = [base?.[name], ours?.[name]];
  if (base === undefined) return show(now);
  const ratio = before && now !== undefined ? ` (${(now / before).toFixed(2)})` : '';
  return `${show(before)} → ${show(now)}${ratio}`;
}

/** A table with a row a figure and a column a rate: base → ours (ratio). */
export function figureTable(columns: Readonly<Record<string, Pair>>): string {
  const pairs = Object.entries(columns);
  const names = new Set(
    pairs.flatMap(([, { base, ours }]) => [...Object.keys(ours ?? {}), ...Object.keys(base ?? {})]),
  );
  const rows = [...names].map((name) => [name, ...pairs.map(([, pair]) => cell(name, pair))]);
  const head = ['figure', ...pairs.map(([title]) => title)];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The most frequent statements, with how often each runs for a message. */
export function statementTable({ classes }: LogTotals, answered: number, count: number): string {
  const lines = classes.slice(0, count).map(({ service, text, count: times, inEffect }) => {
    const short = text.length > TEXT_LIMIT ? `${text.slice(0, TEXT_LIMIT)}…` : text;
    return `| ${show(times / answered)} | ${show(inEffect / answered)} | ${service} | ${short.replaceAll('|', '\\|')} |`;
  });
  return ['| a message | with effect | service | statement |', '|---|---|---|---|', ...lines].join('\n');
}

/** The ways of messages with the time of each hop. */
export function wayTable(ways: readonly Way[]): string {
  const lines = ways.flatMap(({ count, hops }, way) =>
    hops.map(
      ({ service, name, waitMs, workMs }) =>
        `| ${way + 1} (${count} traces) | ${service} | ${name} | ${waitMs.toFixed(1)} | ${workMs.toFixed(1)} |`,
    ),
  );
  return [
    '| way | service | span | wait before p50, ms | work p50, ms |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** A figure and what it may be at most: as it is, or as a share of the base. */
interface Goal {
  column: string;
  name: string;
  most: number;
  kind: 'value' | 'ratio';
}

const value = (column: string, name: string, most: number): Goal => ({ column, name, most, kind: 'value' });
const ratio = (column: string, name: string, most: number): Goal => ({ column, name, most, kind: 'ratio' });

const goals: readonly Goal[] = [
  ...['main at 20/s', 'echo at 20/s'].flatMap((column) => [
    value(column, 'flushed commits', 8),
    value(column, 'transactions', 14),
    value(column, 'latency p50, ms', 30),
  ]),
  ratio('main at 20/s', 'processor time, ms', 0.5),
  ratio('echo at 20/s', 'processor time, ms', 0.6),
  value('main at 100/s', 'latency p50, ms', 80),
  value('main at 100/s', 'latency p99, ms', 300),
  value('idle', 'transactions/s', 25),
  value('idle', 'cores, services', 0.08),
];

function goalRow({ column, name, most, kind }: Goal, before: number | undefined, now: number): Row {
  const share = before ? now / before : null;
  const measured = kind === 'ratio' ? (share ?? Number.NaN) : now;
  return {
    figure: `${name}, ${column}`,
    floor: before === undefined ? '-' : `${show(before)} (base)`,
    ours: show(now),
    ratio: share === null ? '-' : share.toFixed(2),
    goal: kind === 'ratio' ? `<= ${most} of the base` : `<= ${most}`,
    met: measured <= most ? 'yes' : 'no',
  };
}

/** Goals with what was measured; a goal whose figure was not measured is left out. */
export function goalRows(columns: Readonly<Record<string, Pair>>): Row[] {
  return goals.flatMap((goal) => {
    const { base, ours } = columns[goal.column] ?? {};
    const [before, now] = [base?.[goal.name], ours?.[goal.name]];
    if (now === undefined || (goal.kind === 'ratio' && !before)) return [];
    return goalRow(goal, before, now);
  });
}
