import { Module } from '@nestjs/common';
import { AccessService } from './access/access.service.ts';
import { AttachmentsHandler } from './access/attachments.handler.ts';
import { SharesRepository } from './access/shares.repository.ts';
import { AssetsHandler } from './assets/assets.handler.ts';
import { AssetsRepository } from './assets/assets.repository.ts';
import { AssetsService } from './assets/assets.service.ts';
import { FoldersHandler } from './folders/folders.handler.ts';
import { FoldersRepository } from './folders/folders.repository.ts';
import { FoldersService } from './folders/folders.service.ts';
import { DeletionsConsumer } from './retention/deletions.consumer.ts';
import { RetentionConsumer } from './retention/retention.consumer.ts';
import { RetentionHandler } from './retention/retention.handler.ts';
import { RetentionRepository } from './retention/retention.repository.ts';
import { SweepService } from './retention/sweep.service.ts';
import { S3Adapter } from './storage/s3.adapter.ts';
import { ChecksService } from './uploads/checks.service.ts';
import { ObjectsConsumer } from './uploads/objects.consumer.ts';
import { StorageHandler } from './uploads/storage.handler.ts';
import { UploadsHandler } from './uploads/uploads.handler.ts';
import { UploadsService } from './uploads/uploads.service.ts';

@Module({
  controllers: [
    AssetsHandler,
    AttachmentsHandler,
    DeletionsConsumer,
    FoldersHandler,
    ObjectsConsumer,
    RetentionConsumer,
    RetentionHandler,
    StorageHandler,
    UploadsHandler,
  ],
  providers: [
    AccessService,
    AssetsRepository,
    AssetsService,
    ChecksService,
    FoldersRepository,
    FoldersService,
    RetentionRepository,
    S3Adapter,
    SharesRepository,
    SweepService,
    UploadsService,
  ],
})
export class AppModule {}
