import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationRow, ConversationTrx } from '../database.ts';

@Injectable()
export class TimelinesRepository {
  /** Saves what can change of many locked conversations in one statement. */
  async save(trx: ConversationTrx, rows: readonly ConversationRow[]): Promise<void> {
    await sql`
      UPDATE conversation SET last_sequence = given.last_sequence, status = given.status, owner = given.owner, assignee = given.assignee,
        target = given.target, agent_ids = given.agent_ids, updated_at = now()
      FROM unnest(
        ${rows.map((row) => row.space_id)}::text[], ${rows.map((row) => row.id)}::text[], ${rows.map((row) => row.last_sequence)}::int[],
        ${rows.map((row) => row.status)}::text[], ${rows.map((row) => row.owner)}::text[], ${rows.map((row) => row.assignee)}::text[],
        ${rows.map((row) => row.target && JSON.stringify(row.target))}::jsonb[], ${rows.map((row) => JSON.stringify(row.agent_ids))}::jsonb[]
      ) AS given (space_id, id, last_sequence, status, owner, assignee, target, agent_ids)
      WHERE conversation.space_id = given.space_id AND conversation.id = given.id`.execute(trx);
  }
}
