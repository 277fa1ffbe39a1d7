import { median } from '../numbers.ts';
import type { Growth } from './counters.ts';
import type { Window } from './load-window.ts';
import type { LogTotals } from './statement-log.ts';

/** Figures by name, in the order in which they are printed. */
export type Figures = Record<string, number>;

/** Name of the figure that says whether the machine was quiet. */
export const FOREIGN = 'cores, other programs';

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

/** Processes that are no part of an installation of one's own: they keep the others running. */
const keepers = ['launcher', 'guard'];
const servers = ['postgres', 'nats-server', 'livekit-server', 'versitygw'];

function isService(name: string): boolean {
  return !keepers.includes(name) && !servers.includes(name);
}

/** Processor seconds of all services together. */
function serviceSeconds(growth: Growth): number {
  return sum(
    Object.entries(growth.processors).flatMap(([name, seconds]) => (isService(name) ? seconds : [])),
  );
}

/** Cores that something beside the installation and the bench kept busy. */
export function foreignCores({ machine, processors, seconds }: Growth): number {
  return Math.max(0, machine - sum(Object.values(processors))) / seconds;
}

function shares(values: Record<string, number>, of: number, name: (key: string) => string): Figures {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [name(key), value / of]));
}

/** Figures of a message with its answer. */
export function messageFigures({ growth, answered, p50, p99 }: Window): Figures {
  const { database, nats, processors } = growth;
  const rows = Object.values(database.rows);
  const byKind = (kind: 'inserted' | 'updated' | 'deleted'): number =>
    sum(rows.map((one) => one[kind])) / answered;
  const milliseconds = Object.fromEntries(
    Object.entries(processors).map(([name, seconds]) => [name, seconds * 1000]),
  );
  return {
    'answers/s': answered / growth.seconds,
    'latency p50, ms': p50,
    'latency p99, ms': p99,
    transactions: database.transactions / answered,
    'transactions with an id': database.writing / answered,
    'rows inserted': byKind('inserted'),
    'rows updated': byKind('updated'),
    'rows deleted': byKind('deleted'),
    ...rowsBySchema(growth, answered),
    'WAL, KiB': database.walBytes / 1024 / answered,
    'WAL syncs': database.walSyncs / answered,
    'NATS received': nats.received / answered,
    'NATS sent': nats.sent / answered,
    'NATS stored': nats.stored / answered,
    'processor time, ms': sum(Object.values(milliseconds)) / answered,
    ...shares(milliseconds, answered, (name) => `- ${name}`),
    [FOREIGN]: foreignCores(growth),
  };
}

function rowsBySchema({ database }: Growth, of: number): Figures {
  const written = Object.entries(database.rows).map(
    ([schema, { inserted, updated, deleted }]) => [schema, inserted + updated + deleted] as const,
  );
  return shares(Object.fromEntries(written), of, (schema) => `- rows written by ${schema}`);
}

/** Figures of the counting pass, of a message with its answer. */
export function countedFigures(totals: LogTotals, answered: number): Figures {
  return {
    'flushed commits': totals.flushed / answered,
    'unflushed commits': totals.unflushed / answered,
    'transactions (counting pass)': totals.transactions / answered,
    statements: totals.statements / answered,
    '- begin, commit, settings': totals.control / answered,
    'statements parsed': totals.parses / answered,
  };
}

/** Figures of an idle installation, a second. */
export function idleFigures(growth: Growth): Figures {
  const { database, nats, processors, seconds } = growth;
  const updated = sum(Object.values(database.rows).map((one) => one.updated));
  return {
    'transactions/s': database.transactions / seconds,
    'transactions with an id/s': database.writing / seconds,
    'rows updated/s': updated / seconds,
    'WAL syncs/s': database.walSyncs / seconds,
    'NATS received/s': nats.received / seconds,
    'cores, services': serviceSeconds(growth) / seconds,
    'cores, postgres': (processors['postgres'] ?? 0) / seconds,
    'cores, nats-server': (processors['nats-server'] ?? 0) / seconds,
    [FOREIGN]: foreignCores(growth),
  };
}

/** Figures that come before all others in a table. */
const leading = ['answers/s', 'latency p50, ms', 'latency p99, ms'];

/** Puts the figures of the counting pass behind the first ones of the rounds. */
export function joined(measured: Figures, counted: Figures): Figures {
  const first = Object.fromEntries(
    leading.flatMap((name) => (name in measured ? [[name, measured[name] ?? 0]] : [])),
  );
  return { ...first, ...counted, ...measured };
}

/** The middle of each figure over rounds. */
export function middle(rounds: readonly Figures[]): Figures {
  const names = [...new Set(rounds.flatMap((one) => Object.keys(one)))];
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((one) => one[name] ?? 0))]));
}
