import { Controller } from '@nestjs/common';
import {
  createFolder,
  cursorOf,
  deleteFolder,
  type Folder,
  getFolder,
  listFolders,
  type OperationInput,
  type OperationOutput,
  pageOf,
  updateFolder,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { FoldersRepository } from './folders.repository.ts';
import { FoldersService, toFolder } from './folders.service.ts';

type Context = OperationContext<Tables>;

@Controller()
export class FoldersHandler {
  constructor(
    private readonly folders: FoldersService,
    private readonly repository: FoldersRepository,
  ) {}

  @HandleOperation(createFolder)
  async create(input: OperationInput<typeof createFolder>, { trx }: Context): Promise<Folder> {
    const { spaceId, name, parentId = null, metadata = {} } = input;
    return toFolder(await this.folders.create(trx, { spaceId, name, parentId, metadata }));
  }

  @HandleOperation(listFolders)
  async list(
    input: OperationInput<typeof listFolders>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listFolders>> {
    const { spaceId, limit, cursor, parentId } = input;
    const rows = await this.repository.list(trx, spaceId, { limit, before: cursorOf(cursor), parentId });
    return pageOf(rows, limit, toFolder);
  }

  @HandleOperation(getFolder)
  async get(input: OperationInput<typeof getFolder>, { trx }: Context): Promise<Folder> {
    return toFolder(await this.folders.require(trx, input.spaceId, input.folderId));
  }

  @HandleOperation(updateFolder)
  async update(input: OperationInput<typeof updateFolder>, { trx }: Context): Promise<Folder> {
    const { spaceId, folderId, ...edit } = input;
    return toFolder(await this.folders.update(trx, spaceId, folderId, edit));
  }

  @HandleOperation(deleteFolder)
  async delete(
    input: OperationInput<typeof deleteFolder>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof deleteFolder>> {
    await this.folders.delete(trx, input.spaceId, input.folderId);
    return {};
  }
}
