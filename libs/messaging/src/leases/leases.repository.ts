import type { Database } from '@parley/database';
import { sql } from 'kysely';

/** How long a lease lasts without renewal, in milliseconds of the database's clock. */
export const LEASE_MS = 1500;

/** Leading character of the rows by which processes know of one another. */
const PROCESS_PREFIX = '@';

/** A lease as it stands in the table. */
export interface LeaseRow {
  name: string;
  holder: string;
  epoch: number;
  /** Milliseconds until it expires; not positive once it has. */
  leftMs: number;
  /** Whether the caller held it and holds it on. */
  renewed: boolean;
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
}

/** A lease just taken. */
export interface AcquiredLease {
  name: string;
  epoch: number;
  /** The holder before did not give it up: it died, froze or was cut off. */
  expired: boolean;
}

const until = sql`clock_timestamp() + ${sql.lit(LEASE_MS)} * interval '1 millisecond'`;

/** All SQL of leases. */
export class LeasesRepository {
  private readonly database: Database<unknown>;

  /** @param database a pool under the runner role */
  constructor(database: Database<unknown>) {
    this.database = database;
  }

  /** Renews what is held and says that this process lives, in one statement; never waits for a lock. */
  async renew(peer: LeasePeer, held: readonly { name: string; epoch: number }[]): Promise<LeaseTable> {
    const { rows } = await sql<LeaseRow>`
      WITH alive AS (
        INSERT INTO lease (name, holder, epoch, until) VALUES (${PROCESS_PREFIX + peer.holder}, ${peer.holder}, ${peer.namesHash}, ${until})
        ON CONFLICT (name) DO UPDATE SET until = excluded.until, epoch = excluded.epoch
      ), mine AS (
        SELECT lease.name FROM lease
        JOIN unnest(${held.map(({ name }) => name)}::text[], ${held.map(({ epoch }) => epoch)}::bigint[]) AS held (name, epoch)
          ON lease.name = held.name AND lease.epoch = held.epoch
        WHERE lease.holder = ${peer.holder} FOR UPDATE OF lease SKIP LOCKED
      ), renewed AS (
        UPDATE lease SET until = ${until} FROM mine WHERE lease.name = mine.name RETURNING lease.name
      )
      SELECT name, holder, epoch, (extract(epoch FROM until - clock_timestamp()) * 1000)::float8 AS "leftMs",
        name IN (SELECT name FROM renewed) AS renewed
      FROM lease`.execute(this.database.kysely);
    return toTable(peer, rows);
  }

  /** Takes leases that are free or expired; skips those that another process takes at this moment. */
  async acquire(holder: string, names: readonly string[]): Promise<AcquiredLease[]> {
    const { rows } = await sql<AcquiredLease>`
      WITH wanted AS (
        SELECT name FROM unnest(${[...names]}::text[]) AS name
      ), free AS (
        SELECT lease.name, lease.holder FROM lease JOIN wanted USING (name)
        WHERE lease.until <= clock_timestamp() FOR UPDATE OF lease SKIP LOCKED
      ), taken AS (
        UPDATE lease SET holder = ${holder}, epoch = lease.epoch + 1, until = ${until} FROM free
        WHERE lease.name = free.name RETURNING lease.name, lease.epoch, free.holder <> '' AS expired
      ), created AS (
        INSERT INTO lease (name, holder, epoch, until)
        SELECT name, ${holder}, 1, ${until} FROM wanted WHERE NOT EXISTS (SELECT FROM lease WHERE lease.name = wanted.name)
        ON CONFLICT (name) DO NOTHING RETURNING name, epoch, false AS expired
      )
      SELECT * FROM taken UNION ALL SELECT * FROM created`.execute(this.database.kysely);
    return rows;
  }

  /** Gives leases up, so that another process takes them at once. */
  async release(holder: string, names: readonly string[]): Promise<void> {
    await sql`
      UPDATE lease SET holder = '', until = '-infinity'
      WHERE holder = ${holder} AND name = ANY (${[...names]}::text[])`.execute(this.database.kysely);
  }

  /** Takes this process, and those that died long ago, off the list. */
  async removeProcess(holder: string): Promise<void> {
    await sql`
      DELETE FROM lease WHERE name = ${PROCESS_PREFIX + holder}
        OR (name LIKE ${`${PROCESS_PREFIX}%`} AND until < clock_timestamp() - interval '1 minute')`.execute(
      this.database.kysely,
    );
  }
}

function toTable(self: LeasePeer, rows: readonly LeaseRow[]): LeaseTable {
  const leases = new Map<string, LeaseRow>();
  const peers: LeasePeer[] = [self];
  for (const row of rows) {
    if (!row.name.startsWith(PROCESS_PREFIX)) leases.set(row.name, row);
    else if (row.holder !== self.holder && row.leftMs > 0)
      peers.push({ holder: row.holder, namesHash: row.epoch });
  }
  return { leases, peers };
}
