import { Injectable } from '@nestjs/common';
import { conversationDeleted } from '@parley/contracts';
import { sql } from 'kysely';
import type { ConversationRow, ConversationTrx } from '../database.ts';
import { MessageTermsRepository } from '../search/message-terms.repository.ts';

/** How long a deleted conversation is reported as hidden, until other services have deleted their data. */
const HIDDEN_AFTER_DELETION_HOURS = 24;

/** Deletes conversations and records their ids. */
@Injectable()
export class DeletionRepository {
  constructor(private readonly search: MessageTermsRepository) {}

  /** Locks the conversations of a room in the order of their ids. */
  async lockRoomConversations(
    trx: ConversationTrx,
    spaceId: string,
    roomId: string,
  ): Promise<ConversationRow[]> {
    return trx
      .selectFrom('conversation')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('room_id', '=', roomId)
      .orderBy('id')
      .forUpdate()
      .execute();
  }

  /** Deletes locked conversations with their messages. Their last event and their ids stay, so that they cannot be created again. */
  async deleteConversations(
    trx: ConversationTrx,
    spaceId: string,
    rows: readonly ConversationRow[],
  ): Promise<void> {
    const ids = rows.map(({ id }) => id);
    await sql`
      INSERT INTO deleted_conversation (space_id, id, channel_id)
      SELECT space_id, id, channel_id FROM conversation WHERE space_id = ${spaceId} AND id = ANY (${ids}::text[])`.execute(
      trx,
    );
    await sql`
      INSERT INTO deleted_message (space_id, channel_id, provider_message_id)
      SELECT space_id, channel_id, provider_message_id FROM message
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[]) AND channel_id IS NOT NULL AND provider_message_id IS NOT NULL
      ON CONFLICT DO NOTHING`.execute(trx);
    await sql`
      DELETE FROM message_version USING message
      WHERE message.space_id = ${spaceId} AND message.conversation_id = ANY (${ids}::text[])
        AND message_version.space_id = message.space_id AND message_version.message_id = message.id`.execute(
      trx,
    );
    const { rows: messages } = await sql<{ id: string }>`
      DELETE FROM message WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[]) RETURNING id`.execute(
      trx,
    );
    await this.search.forget(
      trx,
      spaceId,
      messages.map(({ id }) => id),
    );
    for (const table of ['read_marker', 'awaited_speech', 'conversation_activity'])
      await sql`
        DELETE FROM ${sql.table(table)} WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[])`.execute(
        trx,
      );
    await sql`
      UPDATE live_call SET conversation_id = NULL WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[])`.execute(
      trx,
    );
    await sql`DELETE FROM participant WHERE space_id = ${spaceId} AND parent_id = ANY (${ids}::text[])`.execute(
      trx,
    );
    await sql`
      DELETE FROM event WHERE space_id = ${spaceId} AND key = ANY (${ids}::text[]) AND name <> ${conversationDeleted.name}`.execute(
      trx,
    );
    await this.deleteOwnRooms(trx, spaceId, ids);
    await sql`DELETE FROM conversation WHERE space_id = ${spaceId} AND id = ANY (${ids}::text[])`.execute(
      trx,
    );
  }

  async deleteRoom(trx: ConversationTrx, spaceId: string, roomId: string): Promise<void> {
    await sql`DELETE FROM participant WHERE space_id = ${spaceId} AND parent_id = ${roomId}`.execute(trx);
    await sql`DELETE FROM room WHERE space_id = ${spaceId} AND id = ${roomId}`.execute(trx);
  }

  /** Returns the channel of a deleted conversation; null if it was not deleted. */
  async findDeleted(
    trx: ConversationTrx,
    spaceId: string,
    id: string,
  ): Promise<{ channelId: string | null } | null> {
    const row = await trx
      .selectFrom('deleted_conversation')
      .select('channel_id')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? { channelId: row.channel_id } : null;
  }

  /** Lists recently deleted conversations, of which other services may still hold data. */
  async listRecentlyDeleted(trx: ConversationTrx, spaceId: string): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      SELECT id FROM deleted_conversation
      WHERE space_id = ${spaceId} AND deleted_at > now() - make_interval(hours => ${HIDDEN_AFTER_DELETION_HOURS}) ORDER BY id`.execute(
      trx,
    );
    return rows.map(({ id }) => id);
  }

  /** Deletes rooms that were created implicitly with their conversation. */
  private async deleteOwnRooms(trx: ConversationTrx, spaceId: string, ids: readonly string[]): Promise<void> {
    await sql`
      DELETE FROM room USING conversation c
      WHERE c.space_id = ${spaceId} AND c.id = ANY (${[...ids]}::text[])
        AND room.space_id = c.space_id AND room.id = c.room_id AND room.created_at = c.created_at
        AND NOT EXISTS (SELECT FROM participant p WHERE p.space_id = room.space_id AND p.parent_id = room.id)
        AND NOT EXISTS (
          SELECT FROM conversation other
          WHERE other.space_id = room.space_id AND other.room_id = room.id AND other.id <> ALL (${[...ids]}::text[]))`.execute(
      trx,
    );
  }
}
