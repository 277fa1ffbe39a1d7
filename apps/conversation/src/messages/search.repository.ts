import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationTrx, MessageRow } from '../database.ts';

@Injectable()
export class SearchRepository {
  /** Messages with these words, parts of words or words much like them, newest first, and one more than asked; of direct rooms those of the reader alone. */
  async find(
    trx: ConversationTrx,
    asked: { spaceId: string; words: string; before: string | null; limit: number; readerId: string | null },
  ): Promise<MessageRow[]> {
    const { spaceId, words, before, limit, readerId } = asked;
    const pattern = `%${words.replaceAll(/[\\%_]/g, '\\$&')}%`;
    const { rows } = await sql<MessageRow>`
      SELECT message.* FROM search_messages_for(${spaceId}, ${words}, ${pattern}, ${before}, ${limit + 1}::integer, ${readerId}) AS found
      JOIN message ON message.space_id = ${spaceId} AND message.id = found.message_id
      ORDER BY message.id DESC`.execute(trx);
    return rows;
  }
}
