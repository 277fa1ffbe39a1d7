import { Injectable } from '@nestjs/common';
import { type Insertable, sql } from 'kysely';
import type { IdentityTrx, MailLogTable } from '../database.ts';

const KEPT_DAYS = 2;

@Injectable()
export class MailsRepository {
  async insert(trx: IdentityTrx, row: Insertable<MailLogTable>): Promise<void> {
    await trx.insertInto('mail_log').values(row).execute();
    await sql`
      DELETE FROM mail_log WHERE ctid IN (
        SELECT ctid FROM mail_log WHERE created_at < now() - ${KEPT_DAYS} * interval '1 day' LIMIT 50 FOR UPDATE SKIP LOCKED)`.execute(
      trx,
    );
  }

  /** Makes requests for mails of one space, or to one address, take turns: two at once do not both find room. */
  async lock(trx: IdentityTrx, what: string): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${what}, 7246003))`.execute(trx);
  }

  async countTo(trx: IdentityTrx, addressHash: string, kind: string, hours: number): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      SELECT count(*)::int AS count FROM mail_log
      WHERE address_hash = ${addressHash} AND kind = ${kind} AND created_at > now() - ${hours} * interval '1 hour'`.execute(
      trx,
    );
    return rows[0]?.count ?? 0;
  }

  async countOf(trx: IdentityTrx, spaceId: string): Promise<{ hour: number; day: number }> {
    const { rows } = await sql<{ hour: number; day: number }>`
      SELECT count(*) FILTER (WHERE created_at > now() - interval '1 hour')::int AS hour, count(*)::int AS day FROM mail_log
      WHERE space_id = ${spaceId} AND created_at > now() - interval '1 day'`.execute(trx);
    return rows[0] ?? { hour: 0, day: 0 };
  }

  /** The spaces that the transaction works for. */
  async currentSpaces(trx: IdentityTrx): Promise<string[]> {
    const { rows } = await sql<{ spaces: string | null }>`
      SELECT current_setting('app.spaces', true) AS spaces`.execute(trx);
    return (rows[0]?.spaces ?? '').split(',').filter(Boolean);
  }
}
