import { Injectable } from '@nestjs/common';
import { type Insertable, sql } from 'kysely';
import type { ConversationTrx, RoomRow, RoomTable } from '../database.ts';

@Injectable()
export class RoomsRepository {
  /** Inserts a room. @returns undefined if the pair already has one */
  async insert(trx: ConversationTrx, row: Insertable<RoomTable>): Promise<RoomRow | undefined> {
    return trx
      .insertInto('room')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
  }

  async find(trx: ConversationTrx, spaceId: string, id: string): Promise<RoomRow | undefined> {
    return trx
      .selectFrom('room')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async lock(trx: ConversationTrx, spaceId: string, id: string): Promise<RoomRow | undefined> {
    return trx
      .selectFrom('room')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
  }

  /** Locks a room against deletion until the end of the transaction. */
  async lockShared(trx: ConversationTrx, spaceId: string, id: string): Promise<RoomRow | undefined> {
    return trx
      .selectFrom('room')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forShare()
      .executeTakeFirst();
  }

  async findPair(trx: ConversationTrx, spaceId: string, pair: string): Promise<RoomRow | undefined> {
    return trx
      .selectFrom('room')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('pair', '=', pair)
      .where('type', '=', 'direct')
      .executeTakeFirst();
  }

  async list(
    trx: ConversationTrx,
    spaceId: string,
    page: { limit: number; before: string | null },
  ): Promise<RoomRow[]> {
    let query = trx.selectFrom('room').selectAll().where('space_id', '=', spaceId);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  async update(
    trx: ConversationTrx,
    row: RoomRow,
    change: { name?: string | null; metadata?: string },
  ): Promise<RoomRow> {
    return trx
      .updateTable('room')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  /** Replaces a contact in rooms, except where the other contact already participates. */
  async replaceContact(
    trx: ConversationTrx,
    spaceId: string,
    from: string,
    into: { id: string; name: string | null },
  ): Promise<void> {
    await sql`
      UPDATE participant SET contact_id = ${into.id}, name = coalesce(${into.name}, name)
      WHERE space_id = ${spaceId} AND contact_id = ${from} AND NOT EXISTS (
        SELECT FROM participant other
        WHERE other.space_id = participant.space_id AND other.parent_id = participant.parent_id AND other.contact_id = ${into.id})`.execute(
      trx,
    );
    await this.clearPairs(trx, spaceId, from);
    await this.removeContact(trx, spaceId, from);
  }

  async removeContact(trx: ConversationTrx, spaceId: string, contactId: string): Promise<void> {
    await this.clearPairs(trx, spaceId, contactId);
    await trx
      .deleteFrom('participant')
      .where('space_id', '=', spaceId)
      .where('contact_id', '=', contactId)
      .execute();
  }

  /** Clears the pair of direct rooms of a removed contact. */
  private async clearPairs(trx: ConversationTrx, spaceId: string, contactId: string): Promise<void> {
    await trx
      .updateTable('room')
      .set({ pair: null })
      .where('space_id', '=', spaceId)
      .where('type', '=', 'direct')
      .where((where) =>
        where.or([where('pair', 'like', `${contactId} %`), where('pair', 'like', `% ${contactId}`)]),
      )
      .execute();
  }
}
