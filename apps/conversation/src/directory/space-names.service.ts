import { Injectable } from '@nestjs/common';
import { isBareKey, type Principal } from '@parley/contracts';
import { Logger } from '@parley/service';
import { ReferencesService } from './references.service.ts';

/** So long a space may still be called by the name it had. */
const FRESH_MS = 60_000;
const KEPT = 1000;

/** Names of spaces, under which API keys without an account write. */
@Injectable()
export class SpaceNamesService {
  private readonly known = new Map<string, { name: string | null; until: number }>();

  constructor(
    private readonly references: ReferencesService,
    private readonly logger: Logger,
  ) {}

  /** The name that a principal writes under, where it is the space's; null for all others, and while nobody knows it. */
  async nameFor(principal: Principal, spaceId: string): Promise<string | null> {
    if (!isBareKey(principal)) return null;
    const known = this.known.get(spaceId);
    if (known && known.until > Date.now()) return known.name;
    const name = (await this.ask(spaceId)) ?? known?.name ?? null;
    if (this.known.size >= KEPT) this.known.clear();
    this.known.set(spaceId, { name, until: Date.now() + FRESH_MS });
    return name;
  }

  /** A message does not wait for a name that nobody answers. */
  private async ask(spaceId: string): Promise<string | null> {
    try {
      return (await this.references.find(spaceId, [spaceId])).get(spaceId)?.name ?? null;
    } catch (error) {
      this.logger.warn({ spaceId, err: error }, 'The name of a space could not be looked up');
      return null;
    }
  }
}
