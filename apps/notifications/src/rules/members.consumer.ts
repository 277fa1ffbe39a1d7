import { Controller } from '@nestjs/common';
import { type EventEnvelope, memberChanged, spaceCreated } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { RulesRepository } from './rules.repository.ts';
import { RulesService } from './rules.service.ts';

/** Keeps a projection of the members, and creates the default rules of new spaces. */
@Controller()
export class MembersConsumer {
  constructor(
    private readonly rules: RulesRepository,
    private readonly rulesService: RulesService,
  ) {}

  @OnEvent(memberChanged, { consumer: 'members' })
  async onMemberChanged(
    events: EventEnvelope<typeof memberChanged>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) {
      const { accountId, name, email, role, emailVerified = true } = data;
      if (role === null) await this.rules.removeMember(trx, spaceId, accountId);
      else
        await this.rules.saveMember(trx, {
          space_id: spaceId,
          account_id: accountId,
          name,
          email,
          role,
          email_verified: emailVerified,
        });
    }
  }

  @OnEvent(spaceCreated, { consumer: 'members' })
  async onSpaceCreated(
    events: EventEnvelope<typeof spaceCreated>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId } of events) await this.rulesService.createDefaults(trx, spaceId);
  }
}
