import { Controller } from '@nestjs/common';
import { type EventEnvelope, messageReceived } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { InboundService } from './inbound.service.ts';

@Controller()
export class InboundConsumer {
  constructor(private readonly inbound: InboundService) {}

  /** Repeats are dropped by the unique key of channel and provider message id. */
  @OnEvent(messageReceived, { consumer: 'inbound', dedupe: 'own' })
  async onReceived(
    events: EventEnvelope<typeof messageReceived>[],
    context: EventContext<Tables>,
  ): Promise<void> {
    await this.inbound.receive(context.trx, events);
  }
}
