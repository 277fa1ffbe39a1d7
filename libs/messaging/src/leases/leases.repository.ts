import type { Database } from '@parley/database';
import { sql } from 'kysely';

/** How long a lease lasts without renewal, in milliseconds. */
export const LEASE_MS = 1500;

/** All SQL of leases. */
export class LeasesRepository {
  private readonly database: Database<unknown>;

  constructor(database: Database<unknown>) {
    this.database = database;
  }

  /** Takes what is free or expired and renews what is held, in one statement; answers what is held now. */
  async renew(holder: string, names: readonly string[]): Promise<{ name: string; epoch: number }[]> {
    const { rows } = await sql<{ name: string; epoch: string }>`
      INSERT INTO lease (name, holder, epoch, until)
      SELECT name, ${holder}, 1, clock_timestamp() + ${LEASE_MS} * interval '1 millisecond' FROM unnest(${[...names].sort()}::text[]) AS name
      ON CONFLICT (name) DO UPDATE SET
        epoch = lease.epoch + CASE WHEN lease.holder = excluded.holder AND lease.until >= clock_timestamp() THEN 0 ELSE 1 END,
        holder = excluded.holder, until = excluded.until
      WHERE lease.holder = excluded.holder OR lease.until < clock_timestamp()
      RETURNING name, epoch`.execute(this.database.kysely);
    return rows.map((row) => ({ name: row.name, epoch: Number(row.epoch) }));
  }

  /** Gives leases up, so that another process takes them at once. */
  async release(holder: string): Promise<void> {
    await sql`UPDATE lease SET until = clock_timestamp() - interval '1 second' WHERE holder = ${holder}`.execute(
      this.database.kysely,
    );
  }
}
