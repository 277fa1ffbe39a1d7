import { Injectable, type OnModuleInit } from '@nestjs/common';
import { sleep } from '@parley/database';
import { type Lease, Leases, reasonOf } from '@parley/messaging';
import { Logger } from '@parley/service';
import { KnowledgeService } from './knowledge.service.ts';

/** Documents read from the list at once. */
const BATCH = 100;
/** An instance of an earlier release may still add documents in their old form during an upgrade. */
const ROUND_MS = 60_000;
/** Between two documents, so that questions and uploads go on. */
const PAUSE_MS = 20;

/**
 * Gives documents that were indexed by an earlier release the present form of the index, one after another. Until then
 * they are found in their old form.
 */
@Injectable()
export class SegmentationService implements OnModuleInit {
  constructor(
    private readonly knowledge: KnowledgeService,
    private readonly leases: Leases,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.leases.runWhileHeld('knowledge_segments', (lease) => this.run(lease));
  }

  private async run(lease: Lease): Promise<void> {
    while (!lease.drainSignal.aborted) {
      await this.round(lease).catch((error: unknown) =>
        this.logger.warn({ reason: reasonOf(error) }, 'Re-indexing of documents failed, retrying'),
      );
      await sleep(ROUND_MS, { signal: lease.drainSignal }).catch(() => undefined);
    }
  }

  private async round(lease: Lease): Promise<void> {
    const failed = new Set<string>();
    let segmented = 0;
    for (;;) {
      const found = await this.knowledge.segments.waiting(BATCH + failed.size);
      const documents = found.filter(({ documentId }) => !failed.has(documentId));
      if (documents.length === 0) break;
      for (const document of documents) {
        if (lease.drainSignal.aborted || !lease.isHeld()) return;
        if (await this.segment(document)) segmented += 1;
        else failed.add(document.documentId);
        await sleep(PAUSE_MS, { signal: lease.drainSignal }).catch(() => undefined);
      }
    }
    if (segmented > 0) this.logger.info({ documents: segmented }, 'Documents re-indexed');
  }

  /** A document that cannot be segmented keeps its old form, and is tried again in the next round. */
  private async segment(document: { spaceId: string; documentId: string }): Promise<boolean> {
    try {
      return await this.knowledge.segments.segment(document);
    } catch (error) {
      this.logger.warn({ ...document, reason: reasonOf(error) }, 'Re-indexing of a document failed');
      return false;
    }
  }
}
