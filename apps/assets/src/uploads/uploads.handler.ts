import { Controller } from '@nestjs/common';
import {
  type Asset,
  beginUpload,
  completeUpload,
  notFound,
  type OperationInput,
  type OperationOutput,
  tooLarge,
  tooManyRequests,
} from '@parley/contracts';
import {
  type BeforeContext,
  BeforeOperation,
  HandleOperation,
  type OperationContext,
  Rejection,
} from '@parley/messaging';
import { InjectConfig } from '@parley/service';
import { AccessService } from '../access/access.service.ts';
import { AssetsRepository } from '../assets/assets.repository.ts';
import { assetSeenBy } from '../assets/shapes.ts';
import type { AssetsConfig } from '../config.ts';
import type { Tables } from '../database.ts';
import { FoldersService } from '../folders/folders.service.ts';
import { S3Adapter } from '../storage/s3.adapter.ts';
import { ChecksService, type Finished } from './checks.service.ts';
import { UploadsService } from './uploads.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;

/** Uploads of a visitor that wait in one conversation. */
const VISITOR_PENDING = 20;
const VISITOR_WAIT_SECONDS = 60;

/** How people, keys and visitors bring files in. */
@Controller()
export class UploadsHandler {
  constructor(
    private readonly uploads: UploadsService,
    private readonly checks: ChecksService,
    private readonly assets: AssetsRepository,
    private readonly folders: FoldersService,
    private readonly access: AccessService,
    private readonly s3: S3Adapter,
    @InjectConfig() private readonly config: AssetsConfig,
  ) {}

  @BeforeOperation(beginUpload)
  async beforeBegin(input: OperationInput<typeof beginUpload>, { principal }: BeforeContext): Promise<void> {
    const { MAX_UPLOAD_BYTES: most } = this.config;
    if (input.size > most)
      throw tooLarge(`The file is larger than ${most} bytes, the most this installation takes.`);
    await this.access.requireConversation(principal, input.spaceId, input.conversationId);
    await this.s3.requireThere();
  }

  @HandleOperation(beginUpload)
  async begin(
    input: OperationInput<typeof beginUpload>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof beginUpload>> {
    const { spaceId, folderId = null, conversationId = null } = input;
    const byVisitor = principal.type === 'visitor';
    if (byVisitor && conversationId !== null) {
      // Where a visitor's files lie is not for it to say.
      if (folderId !== null) throw notFound('The folder');
      if ((await this.assets.countPending(trx, spaceId, conversationId)) >= VISITOR_PENDING)
        throw tooManyRequests('Too many uploads wait to be completed.', VISITOR_WAIT_SECONDS);
    }
    if (folderId !== null) await this.folders.requireHeld(trx, spaceId, folderId);
    const row = await this.uploads.insert(trx, {
      ...{ spaceId, folderId, conversationId, internal: false, size: input.size },
      ...{ fileName: input.fileName, contentType: input.contentType, sha256: input.sha256 ?? null },
      metadata: input.metadata ?? {},
    });
    return {
      asset: assetSeenBy(principal, row, row.conversation_id ?? undefined),
      upload: await this.uploads.target(row),
    };
  }

  @BeforeOperation(completeUpload)
  async beforeComplete(
    { spaceId, assetId }: OperationInput<typeof completeUpload>,
    { principal, deadline }: BeforeContext,
  ): Promise<Finished> {
    await this.access.requireSeen(principal, spaceId, assetId);
    await this.uploads.requireWhole({ spaceId, assetId });
    const isPrivate = await this.access.isOfDirectRoom(principal, spaceId, assetId);
    return { checked: await this.checks.check({ spaceId, assetId }, deadline), isPrivate };
  }

  @HandleOperation(completeUpload)
  async complete(
    { spaceId, assetId }: OperationInput<typeof completeUpload>,
    { trx, principal, before: { checked, isPrivate } }: Context<Finished>,
  ): Promise<Asset | Rejection> {
    const row = await this.checks.settle(trx, { spaceId, assetId }, checked, { isPrivate });
    if (row) return assetSeenBy(principal, row, row.conversation_id ?? undefined);
    await this.checks.clean(trx, { spaceId, assetId });
    return new Rejection(notFound('The file'));
  }
}
