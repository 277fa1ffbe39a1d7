import { Injectable } from '@nestjs/common';
import { newId } from '@parley/contracts';
import type { NotificationTrx, RuleEvent, RuleRow } from '../database.ts';
import { kindOf, kinds } from '../kinds/index.ts';
import { RulesRepository } from './rules.repository.ts';

/** The rules of a space, including the default rules. */
@Injectable()
export class RulesService {
  constructor(private readonly rules: RulesRepository) {}

  /** Creates the default rules of a space, each once. A deleted default rule is not created again. */
  async createDefaults(trx: NotificationTrx, spaceId: string): Promise<void> {
    for (const { event } of kinds) await this.createDefault(trx, spaceId, event);
  }

  /** Returns the enabled rules of an event. Creates the default rule for spaces older than the event's kind. */
  async findEnabled(trx: NotificationTrx, spaceId: string, event: RuleEvent): Promise<RuleRow[]> {
    const existing = await this.rules.findByEvent(trx, spaceId, event);
    const created = existing.length === 0 ? await this.createDefault(trx, spaceId, event) : null;
    return [...existing, ...(created ? [created] : [])].filter(({ enabled }) => enabled);
  }

  private async createDefault(
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
