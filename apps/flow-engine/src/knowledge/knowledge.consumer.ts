import { Controller } from '@nestjs/common';
import { OnTask } from '@parley/messaging';
import type { Task, TaskContext } from '@parley/messaging';
import { Logger } from '@parley/service';
import { INGEST_QUEUE, KnowledgeService } from './knowledge.service.ts';
import type { IngestPayload } from './knowledge.service.ts';
import type { KnowledgeTables } from './knowledge.table.ts';

const NOT_STORED = 'The document could not be stored. Delete it and add it again.';

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
      await this.service.ingest(key, (work) => context.settle(work));
    } catch (error) {
      if (!context.lastAttempt) {
        throw error;
      }
      this.logger.error({ ...key, err: error }, 'A document could not be stored');
      await context.settle((trx) =>
        this.service.storeOutcome(trx, { ...key, status: 'failed', reason: NOT_STORED }),
      );
    }
  }
}
