import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, sleep } from '@parley/database';
import { type Lease, Leases, reasonOf } from '@parley/messaging';
import { Logger } from '@parley/service';
import type { Tables } from '../database.ts';
import { ContactNamesRepository } from './contact-names.repository.ts';
import { searchRowOf } from './message-terms.ts';
import { MessageTermsRepository } from './message-terms.repository.ts';

/** Name of the lease; stored. */
const LEASE = 'message_search';
const PAGE = 200;
/** Processes of the version before have ended so long after the upgrade. */
const SETTLE_SECONDS = 600;
const PAUSE_MS = 60_000;
/** Segmenting gives way to other work after so long. */
const SLICE_MS = 10;

/**
 * Segments messages that have no terms, or those of another version of the segmenter: after an upgrade, space by space, newest
 * first, in one process. Until a space is done, search reads its messages themselves too.
 */
@Injectable()
export class SegmentingService implements OnModuleInit {
  constructor(
    private readonly database: Database<Tables>,
    private readonly terms: MessageTermsRepository,
    private readonly names: ContactNamesRepository,
    private readonly leases: Leases,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.leases.runWhileHeld(LEASE, (lease) => this.run(lease));
  }

  /** Segments what is missing; answers whether nothing is left to do. */
  async round(signal: AbortSignal, settleSeconds = SETTLE_SECONDS): Promise<boolean> {
    const spaces = await this.database.withSpaces([], (trx) => this.terms.spacesToSegment(trx));
    let complete = true;
    for (const spaceId of spaces) {
      const segmented = await this.segmentSpace(spaceId, signal);
      await this.foldNames(spaceId, signal);
      const isDone = await this.database.withSpaces([spaceId], (trx) =>
        this.terms.complete(trx, spaceId, settleSeconds),
      );
      complete &&= isDone;
      if (segmented > 0 || isDone) this.logger.info({ spaceId, segmented, isDone }, 'Messages segmented');
    }
    if (complete) await this.database.withSpaces([], (trx) => this.terms.dropOldIndex(trx));
    return complete;
  }

  private async run(lease: Lease): Promise<void> {
    while (!lease.signal.aborted) {
      const complete = await this.round(lease.signal).catch((error: unknown) => {
        if (!lease.signal.aborted)
          this.logger.warn({ reason: reasonOf(error) }, 'Messages could not be segmented');
        return false;
      });
      // There is nothing more to do for this version of the segmenter.
      if (complete) break;
      await sleep(PAUSE_MS, { signal: lease.signal }).catch(() => undefined);
    }
    if (!lease.signal.aborted)
      await new Promise((resolve) => lease.signal.addEventListener('abort', resolve, { once: true }));
  }

  private async foldNames(spaceId: string, signal: AbortSignal): Promise<void> {
    let after: string | null = '';
    while (after !== null) {
      signal.throwIfAborted();
      const from: string = after;
      after = await this.database.withSpaces([spaceId], (trx) =>
        this.names.foldPage(trx, spaceId, { after: from, limit: PAGE }),
      );
    }
  }

  private async segmentSpace(spaceId: string, signal: AbortSignal): Promise<number> {
    let before: string | null = null;
    let segmented = 0;
    do {
      signal.throwIfAborted();
      const page = await this.database.withSpaces([spaceId], (trx) =>
        this.terms.page(trx, spaceId, { before, limit: PAGE }),
      );
      const missing = page.filter((row) => row.is_missing);
      const rows = await segment(missing);
      await this.database.withSpaces([spaceId], (trx) => this.terms.saveMissing(trx, missing, rows));
      segmented += missing.length;
      before = page.at(-1)?.id ?? null;
    } while (before !== null);
    return segmented;
  }
}

/** The terms of messages, without holding the process up. */
async function segment(
  messages: Awaited<ReturnType<MessageTermsRepository['page']>>,
): Promise<ReturnType<typeof searchRowOf>[]> {
  const rows: ReturnType<typeof searchRowOf>[] = [];
  let started = performance.now();
  for (const message of messages) {
    rows.push(searchRowOf(message, message.audience));
    if (performance.now() - started < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    started = performance.now();
  }
  return rows;
}
