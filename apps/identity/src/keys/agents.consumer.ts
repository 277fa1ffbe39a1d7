import { Controller } from '@nestjs/common';
import { agentChanged, type EventEnvelope } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { KeysRepository } from './keys.repository.ts';

/** Every agent has a service account, under the id that the agent was made with. */
@Controller()
export class AgentsConsumer {
  constructor(private readonly keys: KeysRepository) {}

  @OnEvent(agentChanged, { consumer: 'agents' })
  async onAgent(events: EventEnvelope<typeof agentChanged>[], { trx }: EventContext<Tables>): Promise<void> {
    for (const { spaceId, data } of events) {
      if (!data.deleted)
        await this.keys.insertServiceAccount(trx, { space_id: spaceId, id: data.accountId, name: data.name });
    }
  }
}
