import { Injectable } from '@nestjs/common';
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

  async find(trx: ConversationTrx, spaceId: string, id: string): Promise<DirectoryRow | undefined> {
    return trx
      .selectFrom('directory')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }
}
