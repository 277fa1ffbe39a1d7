import type { Database } from '@parley/database';
import { sql } from 'kysely';

/** Inbox rows outlive the events of the longest stream (30 days). */
const INBOX_DAYS = 35;
const BATCH_ROWS = 5000;

/** SQL that keeps the mechanism tables small, under the runner role. What it forgets and a crash brings back is forgotten again. */
export class MaintenanceRepository {
  private readonly runner: Database<unknown>;

  constructor(runner: Database<unknown>) {
    this.runner = runner;
  }

  /** Makes partitions ahead and drops old ones, where the event table is kept by day. */
  async maintainPartitions(): Promise<void> {
    const { rows } = await sql<{ byDay: boolean }>`
      SELECT to_regprocedure('event_maintain()') IS NOT NULL AS "byDay"`.execute(this.runner.kysely);
    if (rows[0]?.byDay) await sql`SELECT event_maintain()`.execute(this.runner.kysely);
  }

  /** Forgets events seen so long ago that no stream holds them any more; how many of one batch. */
  async deleteSeenEvents(): Promise<number> {
    const { numAffectedRows } = await sql`
      DELETE FROM inbox WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM inbox WHERE received_at < now() - ${INBOX_DAYS} * interval '1 day' LIMIT ${BATCH_ROWS}))`.execute(
      this.runner.relaxed,
    );
    return Number(numAffectedRows ?? 0);
  }

  /** Forgets commands whose answer need not be kept; how many of one batch. */
  async deleteExpiredCommands(): Promise<number> {
    const { numAffectedRows } = await sql`
      DELETE FROM command WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM command WHERE expires_at < now() LIMIT ${BATCH_ROWS}))`.execute(this.runner.relaxed);
    return Number(numAffectedRows ?? 0);
  }
}
