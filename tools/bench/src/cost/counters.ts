import type pg from 'pg';
import { otherSeconds, readProcesses, secondsByName } from './processor-time.ts';

/** Rows written in one schema. */
export interface Rows {
  inserted: number;
  updated: number;
  deleted: number;
}

/** Readings of PostgreSQL. */
export interface DatabaseCounters {
  /** Ended transactions, with and without effect. */
  transactions: number;
  /** Transactions that were given an id because they wrote or locked something. */
  writing: number;
  walBytes: number;
  walSyncs: number;
  rows: Record<string, Rows>;
}

/** Readings of nats-server. */
export interface NatsCounters {
  /** Messages from clients: publishes, requests and acknowledgements. */
  received: number;
  sent: number;
  /** Messages stored in all streams and buckets. */
  stored: number;
}

/** All readings at one moment. */
export interface Counters {
  /** Milliseconds of `performance.now()`. */
  at: number;
  database: DatabaseCounters;
  nats: NatsCounters;
  /** Processor seconds by process name. */
  processors: Record<string, number>;
  /** Processor seconds of the machine, without those of the bench. */
  machine: number;
}

const TOTALS = `SELECT
  (SELECT (xact_commit + xact_rollback)::float8 FROM pg_stat_database WHERE datname = current_database()) AS transactions,
  pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS writing,
  (pg_current_wal_insert_lsn() - '0/0')::float8 AS wal_bytes,
  (SELECT sum(fsyncs)::float8 FROM pg_stat_io WHERE object = 'wal') AS wal_syncs`;

const ROWS = `SELECT schemaname AS schema, sum(n_tup_ins)::float8 AS inserted, sum(n_tup_upd)::float8 AS updated,
  sum(n_tup_del)::float8 AS deleted
FROM pg_stat_user_tables GROUP BY schemaname`;

/** Reads PostgreSQL 18's statistics. Sessions report transactions, rows and syncs about once a second. */
export async function readDatabase(database: pg.Client): Promise<DatabaseCounters> {
  const totals =
    await database.query<Record<'transactions' | 'writing' | 'wal_bytes' | 'wal_syncs', number>>(TOTALS);
  const rows = await database.query<Rows & { schema: string }>(ROWS);
  const [first] = totals.rows;
  return {
    transactions: first?.transactions ?? 0,
    writing: first?.writing ?? 0,
    walBytes: first?.wal_bytes ?? 0,
    walSyncs: first?.wal_syncs ?? 0,
    rows: Object.fromEntries(
      rows.rows.map(({ schema, inserted, updated, deleted }) => [schema, { inserted, updated, deleted }]),
    ),
  };
}

interface Varz {
  in_msgs: number;
  out_msgs: number;
}

interface Jsz {
  account_details?: { stream_detail?: { state: { last_seq: number } }[] }[];
}

/** Reads nats-server's monitoring: `/varz`, and the last sequences of `/jsz`. */
export async function readNats(monitorPort: number): Promise<NatsCounters> {
  const get = async <Body>(path: string): Promise<Body> =>
    (await (await fetch(`http://127.0.0.1:${monitorPort}${path}`)).json()) as Body;
  const [varz, jsz] = await Promise.all([
    get<Varz>('/varz'),
    get<Jsz>('/jsz?accounts=true&streams=true&limit=1024'),
  ]);
  const streams = (jsz.account_details ?? []).flatMap(({ stream_detail }) => stream_detail ?? []);
  return {
    received: varz.in_msgs,
    sent: varz.out_msgs,
    stored: streams.reduce((sum, { state }) => sum + state.last_seq, 0),
  };
}

/** Where readings are taken. */
export interface CounterSources {
  database: pg.Client;
  monitorPort: number;
  /** Names of processes by id. */
  processes: ReadonlyMap<number, string>;
}

/** Takes all readings at once. */
export async function readCounters(sources: CounterSources): Promise<Counters> {
  const at = performance.now();
  const machine = otherSeconds();
  const processors = Object.fromEntries(secondsByName(readProcesses(), sources.processes));
  const [database, nats] = await Promise.all([readDatabase(sources.database), readNats(sources.monitorPort)]);
  return { at, database, nats, processors, machine };
}

/** What grew between two readings, with the seconds between them. */
export interface Growth extends Omit<Counters, 'at'> {
  seconds: number;
}

type Tree = { [name: string]: number | Tree };

function growthOf(before: Tree, after: Tree): Tree {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => {
      const earlier = before[name];
      if (typeof value === 'number') return [name, value - (typeof earlier === 'number' ? earlier : 0)];
      return [name, growthOf(typeof earlier === 'object' ? earlier : {}, value)];
    }),
  );
}

/** Subtracts two readings. */
export function grown(before: Counters, after: Counters): Growth {
  const { at, ...rest } = growthOf(before as unknown as Tree, after as unknown as Tree);
  return { ...(rest as unknown as Omit<Counters, 'at'>), seconds: Number(at) / 1000 };
}
