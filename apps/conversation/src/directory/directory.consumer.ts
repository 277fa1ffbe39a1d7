import { Controller } from '@nestjs/common';
import { agentChanged, type EventEnvelope, memberChanged } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { DirectoryRepository } from './directory.repository.ts';

/** Keeps a projection of the names of members and agents. */
@Controller()
export class DirectoryConsumer {
  constructor(private readonly directory: DirectoryRepository) {}

  @OnEvent(memberChanged, { consumer: 'directory' })
  async onMemberChanged(
    events: EventEnvelope<typeof memberChanged>[],
    context: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) {
      if (data.role === null) await this.directory.remove(context.trx, spaceId, data.accountId);
      else
        await this.directory.save(context.trx, {
          space_id: spaceId,
          id: data.accountId,
          account_id: data.accountId,
          name: data.name,
        });
    }
  }

  @OnEvent(agentChanged, { consumer: 'directory' })
  async onAgentChanged(
    events: EventEnvelope<typeof agentChanged>[],
    context: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) {
      if (data.deleted) await this.directory.remove(context.trx, spaceId, data.agentId);
      else
        await this.directory.save(context.trx, {
          space_id: spaceId,
          id: data.agentId,
          account_id: data.accountId,
          name: data.name,
        });
    }
  }
}
