import { Controller } from '@nestjs/common';
import {
  type Asset,
  conflict,
  cursorOf,
  deleteAsset,
  downloadAsset,
  getAsset,
  listAssets,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  updateAsset,
} from '@parley/contracts';
import {
  type BeforeContext,
  BeforeOperation,
  HandleOperation,
  type OperationContext,
} from '@parley/messaging';
import { AccessService } from '../access/access.service.ts';
import type { Tables } from '../database.ts';
import { FoldersService } from '../folders/folders.service.ts';
import { objectKey } from '../storage/keys.ts';
import { S3Adapter } from '../storage/s3.adapter.ts';
import { AssetsRepository } from './assets.repository.ts';
import { AssetsService } from './assets.service.ts';
import type { AssetRow } from './asset.table.ts';
import { assetSeenBy, dispositionOf, toAsset } from './shapes.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;

/** What people, keys and visitors ask about files. */
@Controller()
export class AssetsHandler {
  constructor(
    private readonly assets: AssetsService,
    private readonly repository: AssetsRepository,
    private readonly folders: FoldersService,
    private readonly access: AccessService,
    private readonly s3: S3Adapter,
  ) {}

  @BeforeOperation(listAssets)
  async beforeList(
    input: OperationInput<typeof listAssets>,
    { principal }: BeforeContext,
  ): Promise<string[]> {
    if (principal.type === 'visitor')
      await this.access.requireConversation(principal, input.spaceId, input.conversationId);
    const hidden = await this.access.hiddenFrom(principal, input.spaceId);
    // Which files of the library were shown in a direct room is its own, too.
    if (input.conversationId !== undefined && hidden.includes(input.conversationId))
      throw notFound('The conversation');
    return hidden;
  }

  @HandleOperation(listAssets)
  async list(
    input: OperationInput<typeof listAssets>,
    { trx, principal, before: hidden }: Context<string[]>,
  ): Promise<OperationOutput<typeof listAssets>> {
    const { spaceId, limit, cursor, folderId, conversationId, status } = input;
    const forVisitor = principal.type === 'visitor';
    const filter = {
      ...{ limit, before: cursorOf(cursor), folderId, conversationId, status, forVisitor },
      hidden,
    };
    return pageOf(await this.repository.list(trx, spaceId, filter), limit, (row) =>
      assetSeenBy(principal, row, conversationId),
    );
  }

  @BeforeOperation(getAsset)
  async beforeGet(
    input: OperationInput<typeof getAsset>,
    { principal }: BeforeContext,
  ): Promise<string | null> {
    return this.access.requireSeen(principal, input.spaceId, input.assetId);
  }

  @HandleOperation(getAsset)
  async get(
    input: OperationInput<typeof getAsset>,
    { trx, principal, before }: Context<string | null>,
  ): Promise<Asset> {
    const row = await this.assets.require(trx, input.spaceId, input.assetId);
    return assetSeenBy(principal, row, before ?? undefined);
  }

  @BeforeOperation(updateAsset)
  async beforeUpdate(input: OperationInput<typeof updateAsset>, { principal }: BeforeContext): Promise<void> {
    await this.access.requireSeen(principal, input.spaceId, input.assetId);
  }

  @HandleOperation(updateAsset)
  async update(input: OperationInput<typeof updateAsset>, { trx }: Context): Promise<Asset> {
    const { spaceId, assetId, fileName, folderId, metadata } = input;
    const row = await this.assets.require(trx, spaceId, assetId);
    if (folderId) await this.folders.requireHeld(trx, spaceId, folderId);
    const changed = await this.repository.update(trx, row, {
      ...(fileName ? { file_name: fileName } : {}),
      ...(folderId === undefined ? {} : { folder_id: folderId }),
      ...(metadata ? { metadata: JSON.stringify(metadata) } : {}),
    });
    return toAsset(changed);
  }

  @BeforeOperation(deleteAsset)
  async beforeDelete(input: OperationInput<typeof deleteAsset>, { principal }: BeforeContext): Promise<void> {
    await this.access.requireSeen(principal, input.spaceId, input.assetId);
  }

  @HandleOperation(deleteAsset)
  async delete(
    input: OperationInput<typeof deleteAsset>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof deleteAsset>> {
    await this.assets.delete(trx, input.spaceId, input.assetId);
    return {};
  }

  /** An address at a server that is away would help nobody. */
  @BeforeOperation(downloadAsset)
  async beforeDownload(
    input: OperationInput<typeof downloadAsset>,
    { principal }: BeforeContext,
  ): Promise<void> {
    await this.access.requireSeen(principal, input.spaceId, input.assetId);
    await this.s3.requireThere();
  }

  @HandleOperation(downloadAsset)
  async download(
    input: OperationInput<typeof downloadAsset>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof downloadAsset>> {
    const { spaceId, assetId, redirect = true } = input;
    const row = await this.assets.require(trx, spaceId, assetId);
    requireReady(row);
    const { url, expiresAt } = await this.s3.signDownload(objectKey({ spaceId, assetId }), {
      contentType: row.content_type,
      disposition: dispositionOf(row),
    });
    return { url, expiresAt: expiresAt.toISOString(), redirect };
  }
}

function requireReady(row: AssetRow): void {
  if (row.status === 'pending')
    throw conflict('The file is not there yet: its upload has not been completed.', 'not_ready');
  if (row.status === 'quarantined')
    throw conflict(`The file is kept away. ${row.status_reason ?? ''}`.trim(), 'quarantined');
}
