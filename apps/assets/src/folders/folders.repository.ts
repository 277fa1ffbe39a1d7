import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { AssetTrx } from '../database.ts';
import type { FolderChange, FolderRow, NewFolderRow } from './folder.table.ts';

/** What a list of folders is narrowed to. */
export interface FolderFilter {
  limit: number;
  before: string | null;
  /** `root`: those in no folder. */
  parentId: string | undefined;
}

@Injectable()
export class FoldersRepository {
  /** Changes of a space's tree are made one after another: two moves at once could close a circle. */
  async lockTree(trx: AssetTrx, spaceId: string): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`folders/${spaceId}`}, 0))`.execute(trx);
  }

  async insert(trx: AssetTrx, row: NewFolderRow): Promise<FolderRow> {
    return trx.insertInto('folder').values(row).returningAll().executeTakeFirstOrThrow();
  }

  async find(trx: AssetTrx, spaceId: string, id: string): Promise<FolderRow | undefined> {
    return trx
      .selectFrom('folder')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  /** Keeps the folder from going while something is put into it. */
  async hold(trx: AssetTrx, spaceId: string, id: string): Promise<boolean> {
    const row = await trx
      .selectFrom('folder')
      .select('id')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forKeyShare()
      .executeTakeFirst();
    return row !== undefined;
  }

  async findByName(
    trx: AssetTrx,
    spaceId: string,
    place: { parentId: string | null; name: string },
  ): Promise<FolderRow | undefined> {
    return trx
      .selectFrom('folder')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('parent_id', place.parentId === null ? 'is' : '=', place.parentId)
      .where('name', '=', place.name)
      .executeTakeFirst();
  }

  async list(trx: AssetTrx, spaceId: string, filter: FolderFilter): Promise<FolderRow[]> {
    const { limit, before, parentId } = filter;
    let query = trx.selectFrom('folder').selectAll().where('space_id', '=', spaceId);
    if (before) query = query.where('id', '<', before);
    if (parentId === 'root') query = query.where('parent_id', 'is', null);
    else if (parentId) query = query.where('parent_id', '=', parentId);
    return query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
  }

  /** Ids from a folder up to the root, itself first. */
  async pathUp(trx: AssetTrx, spaceId: string, id: string): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      WITH RECURSIVE up (id, parent_id, depth) AS (
        SELECT id, parent_id, 1 FROM folder WHERE space_id = ${spaceId} AND id = ${id}
        UNION ALL
        SELECT f.id, f.parent_id, up.depth + 1 FROM folder f JOIN up ON f.id = up.parent_id WHERE f.space_id = ${spaceId} AND up.depth < 100)
      SELECT id FROM up ORDER BY depth`.execute(trx);
    return rows.map((row) => row.id);
  }

  /** Levels of a folder and what is below it: 1 for one without folders in it. */
  async height(trx: AssetTrx, spaceId: string, id: string): Promise<number> {
    const { rows } = await sql<{ height: number }>`
      WITH RECURSIVE down (id, depth) AS (
        SELECT ${id}::text, 1
        UNION ALL
        SELECT f.id, down.depth + 1 FROM folder f JOIN down ON f.parent_id = down.id WHERE f.space_id = ${spaceId} AND down.depth < 100)
      SELECT max(depth)::int AS height FROM down`.execute(trx);
    return rows[0]?.height ?? 1;
  }

  async update(trx: AssetTrx, row: FolderRow, change: FolderChange): Promise<FolderRow> {
    return trx
      .updateTable('folder')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async isEmpty(trx: AssetTrx, spaceId: string, id: string): Promise<boolean> {
    const { rows } = await sql<{ empty: boolean }>`
      SELECT NOT EXISTS (SELECT FROM folder WHERE space_id = ${spaceId} AND parent_id = ${id})
        AND NOT EXISTS (SELECT FROM asset WHERE space_id = ${spaceId} AND folder_id = ${id}) AS empty`.execute(
      trx,
    );
    return rows[0]?.empty ?? false;
  }

  /** Locks a folder so that nothing is put into it any more. */
  async lock(trx: AssetTrx, spaceId: string, id: string): Promise<FolderRow | undefined> {
    return trx
      .selectFrom('folder')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
  }

  async delete(trx: AssetTrx, spaceId: string, id: string): Promise<void> {
    await trx.deleteFrom('folder').where('space_id', '=', spaceId).where('id', '=', id).execute();
  }
}
