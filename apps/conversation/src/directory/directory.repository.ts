import { Injectable } from '@nestjs/common';
import { anyOfTexts } from '@parley/database';
import type { Insertable, Selectable } from 'kysely';
import type { ConversationTrx, DirectoryTable } from '../database.ts';

export type DirectoryRow = Selectable<DirectoryTable>;

@Injectable()
export class DirectoryRepository {
  async save(trx: ConversationTrx, row: Insertable<DirectoryTable>): Promise<void> {
    const { name, account_id } = row;
    await trx
      .insertInto('directory')
      .values(row)
      .onConflict((conflict) => conflict.columns(['space_id', 'id']).doUpdateSet({ name, account_id }))
      .execute();
  }

  async remove(trx: ConversationTrx, spaceId: string, id: string): Promise<void> {
    await trx.deleteFrom('directory').where('space_id', '=', spaceId).where('id', '=', id).execute();
  }

  /** Returns the stored entries of a space, by id. */
  async findMany(
    trx: ConversationTrx,
    spaceId: string,
    ids: readonly string[],
  ): Promise<Map<string, DirectoryRow>> {
    if (ids.length === 0) return new Map();
    const rows = await trx
      .selectFrom('directory')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', 'in', [...ids])
      .execute();
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Returns agents of all spaces of the transaction, by space and id. */
  async findAgents(trx: ConversationTrx, ids: readonly string[]): Promise<Map<string, DirectoryRow>> {
    if (ids.length === 0) return new Map();
    const rows = await trx
      .selectFrom('directory')
      .selectAll()
      .where('id', '=', anyOfTexts([...new Set(ids)]))
      .execute();
    return new Map(rows.map((row) => [`${row.space_id} ${row.id}`, row]));
  }
}
