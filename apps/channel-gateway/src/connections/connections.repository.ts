import { Injectable } from '@nestjs/common';
import type { ChannelTrx, ConnectionChange, ConnectionRow } from '../database.ts';

@Injectable()
export class ConnectionsRepository {
  async find(trx: ChannelTrx, spaceId: string, id: string): Promise<ConnectionRow | undefined> {
    return trx
      .selectFrom('connection')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  /** Counts one intent on, and names the check that is to serve it. */
  async want(
    trx: ChannelTrx,
    row: { spaceId: string; id: string; wanted: ConnectionRow['wanted']; taskId: string },
  ): Promise<void> {
    const { spaceId, id, wanted, taskId } = row;
    await trx
      .insertInto('connection')
      .values({ space_id: spaceId, id, wanted, intent: 1, task_id: taskId })
      .onConflict((conflict) =>
        conflict.columns(['space_id', 'id']).doUpdateSet((set) => ({
          wanted,
          task_id: taskId,
          intent: set('connection.intent', '+', 1),
        })),
      )
      .execute();
  }

  /** False when something else has been asked for since that intent, or the channel is gone. */
  async change(
    trx: ChannelTrx,
    { space_id, id, intent }: Pick<ConnectionRow, 'space_id' | 'id' | 'intent'>,
    change: ConnectionChange,
  ): Promise<boolean> {
    const { numUpdatedRows } = await trx
      .updateTable('connection')
      .set(change)
      .where('space_id', '=', space_id)
      .where('id', '=', id)
      .where('intent', '=', intent)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async delete(trx: ChannelTrx, { space_id, id }: ConnectionRow): Promise<void> {
    await trx.deleteFrom('connection').where('space_id', '=', space_id).where('id', '=', id).execute();
  }
}
