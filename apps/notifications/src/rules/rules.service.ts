import { Injectable } from '@nestjs/common';
import { newId } from '@parley/contracts';
import type { NotificationTrx, RuleEvent, RuleRow } from '../database.ts';
import { kindOf, kinds } from '../kinds/index.ts';
import { RulesRepository } from './rules.repository.ts';

/** The rules of a space, those that it begins with included. */
@Injectable()
export class RulesService {
  constructor(private readonly rules: RulesRepository) {}

  /** Gives a space the rules that it begins with, each once: one that was deleted stays deleted. */
  async giveDefaults(trx: NotificationTrx, spaceId: string): Promise<void> {
    for (const { event } of kinds) await this.giveDefault(trx, spaceId, event);
  }

  /** Rules that hold for an event. A space from before there was this kind of event gets its rule now. */
  async enabled(trx: NotificationTrx, spaceId: string, event: RuleEvent): Promise<RuleRow[]> {
    const found = await this.rules.ofEvent(trx, spaceId, event);
    const made = found.length === 0 ? await this.giveDefault(trx, spaceId, event) : null;
    return [...found, ...(made ? [made] : [])].filter(({ enabled }) => enabled);
  }

  private async giveDefault(
    trx: NotificationTrx,
    spaceId: string,
    event: RuleEvent,
  ): Promise<RuleRow | null> {
    if (!(await this.rules.claimDefault(trx, spaceId, event))) return null;
    const { name, media, roles } = kindOf(event).defaultRule;
    return this.rules.insert(trx, {
      space_id: spaceId,
      id: newId('rule'),
      name,
      event,
      media: JSON.stringify(media),
      roles: JSON.stringify(roles),
      enabled: true,
    });
  }
}
