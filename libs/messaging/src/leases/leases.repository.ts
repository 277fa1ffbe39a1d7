import type { Database } from '@parley/database';
import { type RawBuilder, sql } from 'kysely';

/** How long a process counts as living without renewal, and its leases as held, in milliseconds of the database's clock. */
export const LEASE_MS = 1500;

/** For so long a lease row itself is valid: within that time a release that looks at nothing else takes it for held. */
const ROW_MS = 60_000;

/** Leading character of the rows by which processes know of one another. */
const PROCESS_PREFIX = '@';

/** A lease as it stands in the table. */
export interface LeaseRow {
  name: string;
  holder: string;
  epoch: number;
  /** Milliseconds until it expires, by itself or with its holder; not positive once it has. */
  leftMs: number;
}

/** A living process of the service. */
export interface LeasePeer {
  holder: string;
  /** What it wants, as a hash: only processes that want the same leases share them. */
  namesHash: number;
}

/** Every lease and every living process, as seen by one renewal. */
export interface LeaseTable {
  leases: Map<string, LeaseRow>;
  peers: LeasePeer[];
  /** Whether the caller was still alive when it renewed. If not, others may have taken what it held. */
  wasAlive: boolean;
}

/** A lease just taken. */
export interface AcquiredLease {
  name: string;
  epoch: number;
  /** The holder before did not give it up: it died, froze or was cut off. */
  expired: boolean;
}

const inMs = (milliseconds: number): RawBuilder<Date> =>
  sql`clock_timestamp() + ${sql.lit(milliseconds)} * interval '1 millisecond'`;

/**
 * All SQL of leases. A lease belongs to its holder for as long as the holder's own row is renewed: one row a process,
 * whatever it holds. Whoever takes a lease of a dead process locks that process's row first, so that a late renewal
 * either comes before and saves all, or after and finds that it is dead.
 */
export class LeasesRepository {
  private readonly database: Database<unknown>;

  /** @param database a pool under the runner role */
  constructor(database: Database<unknown>) {
    this.database = database;
  }

  /**
   * Says that this process lives, and answers who holds what. Whether it was alive is asked once its row is locked: a
   * renewal that had to wait may have waited beyond its end.
   */
  async renew({ holder, namesHash }: LeasePeer): Promise<LeaseTable> {
    const name = PROCESS_PREFIX + holder;
    const { rows } = await sql<LeaseRow & { wasAlive: boolean | null }>`
      WITH before AS MATERIALIZED (
        SELECT name, until FROM lease WHERE name = ${name} FOR UPDATE
      ), renewed AS (
        UPDATE lease SET until = ${inMs(LEASE_MS)}, epoch = ${namesHash} FROM before
        WHERE lease.name = before.name RETURNING before.until > clock_timestamp() AS alive
      ), created AS (
        INSERT INTO lease (name, holder, epoch, until) SELECT ${name}, ${holder}, ${namesHash}, ${inMs(LEASE_MS)}
        WHERE NOT EXISTS (SELECT FROM renewed) ON CONFLICT (name) DO NOTHING
      )
      SELECT name, holder, epoch, (extract(epoch FROM until - clock_timestamp()) * 1000)::float8 AS "leftMs",
        (SELECT alive FROM renewed) AS "wasAlive"
      FROM lease`.execute(this.database.kysely);
    return { ...toTable({ holder, namesHash }, rows), wasAlive: rows[0]?.wasAlive ?? false };
  }

  /**
   * Takes leases that are free or expired; skips those that another process takes at this moment. Renew before. Holders
   * without a process are listed first: asked of each row as it is locked, a process that has begun meanwhile would be one.
   */
  async acquire(holder: string, names: readonly string[]): Promise<AcquiredLease[]> {
    const { rows } = await sql<AcquiredLease>`
      WITH wanted AS (
        SELECT name FROM unnest(${[...names]}::text[]) AS name
      ), dead AS (
        SELECT holder FROM lease WHERE name LIKE ${`${PROCESS_PREFIX}%`} AND until <= clock_timestamp() FOR UPDATE SKIP LOCKED
      ), gone AS MATERIALIZED (
        SELECT holder FROM lease JOIN wanted USING (name)
        WHERE NOT EXISTS (SELECT FROM lease AS process WHERE process.name = ${PROCESS_PREFIX} || lease.holder)
      ), free AS (
        SELECT lease.name, lease.holder FROM lease JOIN wanted USING (name)
        WHERE lease.until <= clock_timestamp() OR lease.holder IN (SELECT holder FROM dead)
          OR lease.holder IN (SELECT holder FROM gone)
        FOR UPDATE OF lease SKIP LOCKED
      ), taken AS (
        UPDATE lease SET holder = ${holder}, epoch = lease.epoch + 1, until = ${inMs(ROW_MS)} FROM free
        WHERE lease.name = free.name RETURNING lease.name, lease.epoch, free.holder <> '' AS expired
      ), created AS (
        INSERT INTO lease (name, holder, epoch, until)
        SELECT name, ${holder}, 1, ${inMs(ROW_MS)} FROM wanted WHERE NOT EXISTS (SELECT FROM lease WHERE lease.name = wanted.name)
        ON CONFLICT (name) DO NOTHING RETURNING name, epoch, false AS expired
      )
      SELECT * FROM taken UNION ALL SELECT * FROM created`.execute(this.database.kysely);
    return rows;
  }

  /** Prolongs the rows of what is held, long before they end by themselves. */
  async prolong(holder: string, names: readonly string[]): Promise<void> {
    await sql`
      UPDATE lease SET until = ${inMs(ROW_MS)}
      WHERE holder = ${holder} AND name = ANY (${[...names]}::text[]) AND until > clock_timestamp()`.execute(
      this.database.relaxed,
    );
  }

  /** Leaves to others what this process has lost or never knew of: its holder did not give it up. */
  async abandon(holder: string, names: readonly string[]): Promise<void> {
    await sql`
      UPDATE lease SET until = '-infinity' WHERE holder = ${holder} AND name = ANY (${[...names]}::text[])`.execute(
      this.database.kysely,
    );
  }

  /** Gives a lease up, so that another process takes it at once; leaves it alone when the same process has taken it anew. */
  async release(holder: string, { name, epoch }: Pick<LeaseRow, 'name' | 'epoch'>): Promise<void> {
    await sql`
      UPDATE lease SET holder = '', until = '-infinity'
      WHERE holder = ${holder} AND name = ${name} AND epoch = ${epoch}`.execute(this.database.relaxed);
  }

  /** Takes this process, and those that died long ago, off the list. */
  async removeProcess(holder: string): Promise<void> {
    await sql`
      DELETE FROM lease WHERE name = ${PROCESS_PREFIX + holder}
        OR (name LIKE ${`${PROCESS_PREFIX}%`} AND until < clock_timestamp() - interval '1 minute')`.execute(
      this.database.relaxed,
    );
  }
}

function toTable(self: LeasePeer, rows: readonly LeaseRow[]): Omit<LeaseTable, 'wasAlive'> {
  const processes = rows.filter(({ name }) => name.startsWith(PROCESS_PREFIX));
  const leftOf = new Map(processes.map(({ holder, leftMs }) => [holder, leftMs]));
  const leases = new Map(
    rows
      .filter(({ name }) => !name.startsWith(PROCESS_PREFIX))
      .map((row) => [row.name, { ...row, leftMs: Math.min(row.leftMs, leftOf.get(row.holder) ?? 0) }]),
  );
  const peers = processes
    .filter(({ holder, leftMs }) => holder !== self.holder && leftMs > 0)
    .map(({ holder, epoch }) => ({ holder, namesHash: epoch }));
  return { leases, peers: [self, ...peers] };
}
