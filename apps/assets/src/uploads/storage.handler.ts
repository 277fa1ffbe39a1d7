import { Controller } from '@nestjs/common';
import {
  type Asset,
  beginStorage,
  completeStorage,
  conflict,
  MAX_PARTS,
  notFound,
  type OperationInput,
  type OperationOutput,
  signParts,
} from '@parley/contracts';
import {
  type BeforeContext,
  BeforeOperation,
  HandleOperation,
  type OperationContext,
  Rejection,
} from '@parley/messaging';
import { AssetsService } from '../assets/assets.service.ts';
import { toAsset } from '../assets/shapes.ts';
import type { Tables } from '../database.ts';
import { FoldersService } from '../folders/folders.service.ts';
import { S3Adapter } from '../storage/s3.adapter.ts';
import { type Checked, ChecksService } from './checks.service.ts';
import { UploadsService } from './uploads.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;

/** How other services store files, such as recordings of calls. */
@Controller()
export class StorageHandler {
  constructor(
    private readonly uploads: UploadsService,
    private readonly checks: ChecksService,
    private readonly assets: AssetsService,
    private readonly folders: FoldersService,
    private readonly s3: S3Adapter,
  ) {}

  @BeforeOperation(beginStorage)
  async beforeBegin(): Promise<void> {
    await this.s3.requireThere();
  }

  @HandleOperation(beginStorage)
  async begin(
    input: OperationInput<typeof beginStorage>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof beginStorage>> {
    const { spaceId, fileName, contentType, size = null, folderPath, internal, metadata = {} } = input;
    const row = await this.uploads.insert(trx, {
      ...{ spaceId, fileName, contentType, size, internal, metadata, sha256: null },
      conversationId: input.conversationId ?? null,
      folderId: await this.folders.atPath(trx, spaceId, folderPath),
    });
    return { asset: toAsset(row), upload: row.in_parts ? null : await this.uploads.target(row) };
  }

  @HandleOperation(signParts)
  async sign(
    input: OperationInput<typeof signParts>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof signParts>> {
    const { spaceId, assetId, first, count } = input;
    const row = await this.assets.require(trx, spaceId, assetId);
    if (!row.in_parts || row.status !== 'pending')
      throw conflict('The file takes no parts: it was sent whole, or is complete.', 'takes_no_parts');
    const last = Math.min(first + count - 1, MAX_PARTS);
    return this.uploads.partTargets({ spaceId, assetId }, { first, count: last - first + 1 });
  }

  @BeforeOperation(completeStorage)
  async beforeComplete(
    input: OperationInput<typeof completeStorage>,
    { deadline }: BeforeContext,
  ): Promise<Checked | null> {
    const { spaceId, assetId, parts, incomplete } = input;
    return this.checks.check({ spaceId, assetId }, deadline, { parts, incomplete });
  }

  @HandleOperation(completeStorage)
  async complete(
    { spaceId, assetId }: OperationInput<typeof completeStorage>,
    { trx, before }: Context<Checked | null>,
  ): Promise<Asset | Rejection> {
    const row = await this.checks.settle(trx, { spaceId, assetId }, before);
    if (row) return toAsset(row);
    await this.checks.clean(trx, { spaceId, assetId });
    return new Rejection(notFound('The file'));
  }
}
