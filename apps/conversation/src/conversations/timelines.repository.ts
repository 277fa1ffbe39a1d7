import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationRow, ConversationTrx } from '../database.ts';

@Injectable()
export class TimelinesRepository {
  /** Saves what can change of many locked conversations in one statement. */
  async save(trx: ConversationTrx, rows: readonly ConversationRow[]): Promise<void> {
    await sql`
      UPDATE conversation SET last_sequence = given.last_sequence, status = given.status, owner = given.owner, assignee = given.assignee, updated_at = now()
      FROM unnest(
        ${rows.map((row) => row.space_id)}::text[], ${rows.map((row) => row.id)}::text[], ${rows.map((row) => row.last_sequence)}::int[],
        ${rows.map((row) => row.status)}::text[], ${rows.map((row) => row.owner)}::text[], ${rows.map((row) => row.assignee)}::text[]
      ) AS given (space_id, id, last_sequence, status, owner, assignee)
      WHERE conversation.space_id = given.space_id AND conversation.id = given.id`.execute(trx);
  }
}
