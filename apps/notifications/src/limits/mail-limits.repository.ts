import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { NotificationTrx } from '../database.ts';

@Injectable()
export class MailLimitsRepository {
  /** Locks a space's counts until the end of the transaction. @returns mails of this hour and of the last 24 hours */
  async lockCounts(trx: NotificationTrx, spaceId: string): Promise<{ hour: number; day: number }> {
    await sql`
      INSERT INTO mail_count (space_id, hour, count) VALUES (${spaceId}, date_trunc('hour', now()), 0)
      ON CONFLICT (space_id, hour) DO UPDATE SET count = mail_count.count`.execute(trx);
    const { rows } = await sql<{ hour: number; day: number }>`
      SELECT coalesce(sum(count) FILTER (WHERE hour = date_trunc('hour', now())), 0)::int AS hour, coalesce(sum(count), 0)::int AS day
      FROM mail_count WHERE space_id = ${spaceId} AND hour > now() - interval '24 hours'`.execute(trx);
    return rows[0] ?? { hour: 0, day: 0 };
  }

  async addCount(trx: NotificationTrx, spaceId: string, count: number): Promise<void> {
    await sql`
      UPDATE mail_count SET count = count + ${count} WHERE space_id = ${spaceId} AND hour = date_trunc('hour', now())`.execute(
      trx,
    );
    await sql`DELETE FROM mail_count WHERE space_id = ${spaceId} AND hour < now() - interval '2 days'`.execute(
      trx,
    );
  }
}
