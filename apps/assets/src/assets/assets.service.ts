import { Injectable } from '@nestjs/common';
import { assetDeleted, notFound } from '@parley/contracts';
import { EventLog, Tasks } from '@parley/messaging';
import type { AssetTrx } from '../database.ts';
import { deleteTasks } from '../uploads/object-tasks.ts';
import type { AssetRow } from './asset.table.ts';
import { AssetsRepository } from './assets.repository.ts';

/** What becomes of files once they are known. */
@Injectable()
export class AssetsService {
  constructor(
    private readonly assets: AssetsRepository,
    private readonly events: EventLog,
    private readonly tasks: Tasks,
  ) {}

  /** @throws ProblemError 404 */
  async require(trx: AssetTrx, spaceId: string, id: string): Promise<AssetRow> {
    const row = await this.assets.find(trx, spaceId, id);
    if (!row) throw notFound('The file');
    return row;
  }

  async delete(trx: AssetTrx, spaceId: string, id: string): Promise<void> {
    const row = await this.assets.delete(trx, spaceId, id);
    if (!row) throw notFound('The file');
    await this.gone(trx, [row], 'request');
  }

  /** Rows that were deleted: their objects follow, and the others are told of files they have heard of. */
  async gone(trx: AssetTrx, rows: readonly AssetRow[], reason: 'request' | 'retention'): Promise<void> {
    const known = rows.filter(({ status }) => status === 'ready');
    await this.events.append(
      trx,
      known.map((row) => ({
        definition: assetDeleted,
        spaceId: row.space_id,
        data: { assetId: row.id, conversationId: row.conversation_id, folderId: row.folder_id, reason },
      })),
    );
    await this.tasks.enqueue(trx, rows.flatMap(deleteTasks));
  }
}
