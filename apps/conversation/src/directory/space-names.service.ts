import { Injectable } from '@nestjs/common';
import { isBareKey, type Principal } from '@parley/contracts';
import { Logger } from '@parley/service';
import { ReferencesService } from './references.service.ts';

/** How long a cached name is used after a rename. */
const TTL_MS = 60_000;
const MAX_ENTRIES = 1000;

/** Cache of space names. API keys without an account post under them. */
@Injectable()
export class SpaceNamesService {
  private readonly cache = new Map<string, { name: string | null; expiresAtMs: number }>();

  constructor(
    private readonly references: ReferencesService,
    private readonly logger: Logger,
  ) {}

  /** Returns the space's name for an API key without an account; null for other principals or if the name is unknown. */
  async nameFor(principal: Principal, spaceId: string): Promise<string | null> {
    if (!isBareKey(principal)) return null;
    const cachedEntry = this.cache.get(spaceId);
    if (cachedEntry && cachedEntry.expiresAtMs > Date.now()) return cachedEntry.name;
    const name = (await this.fetchName(spaceId)) ?? cachedEntry?.name ?? null;
    if (this.cache.size >= MAX_ENTRIES) this.cache.clear();
    this.cache.set(spaceId, { name, expiresAtMs: Date.now() + TTL_MS });
    return name;
  }

  /** Returns null on failure, so that a message is not delayed. */
  private async fetchName(spaceId: string): Promise<string | null> {
    try {
      return (await this.references.findMissing(spaceId, [spaceId])).get(spaceId)?.name ?? null;
    } catch (error) {
      this.logger.warn({ spaceId, err: error }, 'Space name lookup failed');
      return null;
    }
  }
}
