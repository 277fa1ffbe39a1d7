import { Injectable } from '@nestjs/common';
import { conflict, type Folder, newId, notFound, unprocessable } from '@parley/contracts';
import type { AssetTrx } from '../database.ts';
import type { FolderRow } from './folder.table.ts';
import { FoldersRepository } from './folders.repository.ts';

/** Levels of folders in one another. */
const DEEPEST = 32;

/** A folder about to be made. */
export interface NewFolder {
  spaceId: string;
  name: string;
  parentId: string | null;
  metadata?: Record<string, unknown>;
}

/** What is changed of a folder. */
export interface FolderEdit {
  name?: string | undefined;
  parentId?: string | null | undefined;
  metadata?: Record<string, unknown> | undefined;
}

export function toFolder(row: FolderRow): Folder {
  return {
    id: row.id,
    parentId: row.parent_id,
    name: row.name,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Folder['metadata'],
  };
}

/** The tree of a space's folders: names are unique in their folder, and no folder is within itself. */
@Injectable()
export class FoldersService {
  constructor(private readonly folders: FoldersRepository) {}

  async create(trx: AssetTrx, folder: NewFolder): Promise<FolderRow> {
    const { spaceId, name, parentId, metadata = {} } = folder;
    await this.folders.lockTree(trx, spaceId);
    if (parentId !== null) await this.requireRoom(trx, spaceId, { parentId, levels: 1 });
    await this.requireFreeName(trx, spaceId, { parentId, name });
    return this.folders.insert(trx, {
      space_id: spaceId,
      id: newId('fold'),
      parent_id: parentId,
      name,
      metadata: JSON.stringify(metadata),
    });
  }

  /** @throws ProblemError 404 */
  async require(trx: AssetTrx, spaceId: string, id: string): Promise<FolderRow> {
    const row = await this.folders.find(trx, spaceId, id);
    if (!row) throw notFound('The folder');
    return row;
  }

  /**
   * A folder that something is put into, and that stays until it is.
   * @throws ProblemError 404
   */
  async requireHeld(trx: AssetTrx, spaceId: string, id: string): Promise<void> {
    if (!(await this.folders.hold(trx, spaceId, id))) throw notFound('The folder');
  }

  async update(trx: AssetTrx, spaceId: string, id: string, edit: FolderEdit): Promise<FolderRow> {
    await this.folders.lockTree(trx, spaceId);
    const row = await this.require(trx, spaceId, id);
    const { name = row.name, parentId = row.parent_id, metadata } = edit;
    if (parentId !== row.parent_id && parentId !== null) await this.requireNoCircle(trx, row, parentId);
    if (parentId !== row.parent_id || name !== row.name)
      await this.requireFreeName(trx, spaceId, { parentId, name });
    return this.folders.update(trx, row, {
      name,
      parent_id: parentId,
      ...(metadata ? { metadata: JSON.stringify(metadata) } : {}),
    });
  }

  async delete(trx: AssetTrx, spaceId: string, id: string): Promise<void> {
    await this.folders.lockTree(trx, spaceId);
    if (!(await this.folders.lock(trx, spaceId, id))) throw notFound('The folder');
    if (!(await this.folders.isEmpty(trx, spaceId, id)))
      throw conflict(
        'The folder is not empty. Delete or move the folders and files in it first.',
        'folder_not_empty',
      );
    await this.folders.delete(trx, spaceId, id);
  }

  /** The folder at a path from the root; what is missing is made. Null for an empty path. */
  async atPath(trx: AssetTrx, spaceId: string, path: readonly string[]): Promise<string | null> {
    if (path.length > 0) await this.folders.lockTree(trx, spaceId);
    let parentId: string | null = null;
    for (const name of path) {
      const found: FolderRow | undefined = await this.folders.findByName(trx, spaceId, { parentId, name });
      const row: FolderRow = found ?? (await this.create(trx, { spaceId, name, parentId }));
      parentId = row.id;
    }
    if (parentId !== null) await this.folders.hold(trx, spaceId, parentId);
    return parentId;
  }

  private async requireNoCircle(trx: AssetTrx, row: FolderRow, parentId: string): Promise<void> {
    const levels = await this.folders.height(trx, row.space_id, row.id);
    const path = await this.requireRoom(trx, row.space_id, { parentId, levels });
    if (path.includes(row.id))
      throw unprocessable('A folder cannot be moved into itself or into a folder below it.', 'folder_cycle', [
        { pointer: '/parentId', detail: 'is the folder itself or below it' },
      ]);
  }

  private async requireRoom(
    trx: AssetTrx,
    spaceId: string,
    place: { parentId: string; levels: number },
  ): Promise<string[]> {
    const path = await this.folders.pathUp(trx, spaceId, place.parentId);
    if (path.length === 0) throw notFound('The folder that it is to be in');
    if (path.length + place.levels > DEEPEST)
      throw unprocessable(`Folders are at most ${DEEPEST} levels deep.`, 'folder_too_deep');
    return path;
  }

  private async requireFreeName(
    trx: AssetTrx,
    spaceId: string,
    place: { parentId: string | null; name: string },
  ): Promise<void> {
    if (await this.folders.findByName(trx, spaceId, place))
      throw conflict('There is a folder of this name at this place. Choose another name.', 'name_taken');
  }
}
