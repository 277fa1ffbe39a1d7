import { Controller } from '@nestjs/common';
import { isDataException } from '@parley/database';
import { OnTask, reasonOf } from '@parley/messaging';
import type { Task, TaskContext } from '@parley/messaging';
import { Logger } from '@parley/service';
import { INGEST_QUEUE, KnowledgeService } from './knowledge.service.ts';
import type { IngestPayload } from './knowledge.service.ts';
import type { KnowledgeTables } from './knowledge.table.ts';

const NOT_STORED = 'The document could not be stored. Delete it and add it again.';
const notStorable = (error: unknown): string =>
  `The document holds a value that cannot be stored: ${reasonOf(error)}. Remove it and add the document again.`;

/** Reads documents that were added. */
@Controller()
export class KnowledgeConsumer {
  constructor(
    private readonly service: KnowledgeService,
    private readonly logger: Logger,
  ) {}

  @OnTask(INGEST_QUEUE, { concurrency: 2 })
  async ingest(task: Task<IngestPayload>, context: TaskContext<KnowledgeTables>): Promise<void> {
    const key = { spaceId: task.spaceId, documentId: task.payload.documentId };
    try {
      await this.service.ingest(key, (work) => context.complete(work));
    } catch (error) {
      const isFinal = isDataException(error);
      if (!isFinal && !context.isLastAttempt) {
        throw error;
      }
      this.logger.error({ ...key, err: error }, 'Storing a document failed');
      await context.complete((trx) =>
        this.service.storeOutcome(trx, {
          ...key,
          status: 'failed',
          reason: isFinal ? notStorable(error) : NOT_STORED,
        }),
      );
    }
  }
}
