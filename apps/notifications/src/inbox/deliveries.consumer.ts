import { Controller } from '@nestjs/common';
import { notificationDelivered, notificationFailed } from '@parley/contracts';
import { EventLog, OnTask, RetryableError, type Task, type TaskContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { MediaService } from '../media/media.service.ts';
import type { OutboundMessage } from '../media/medium.ts';
import { InboxRepository } from './inbox.repository.ts';

export const SEND_QUEUE = 'send';

/** One delivery of a notification. */
export interface DeliveryPayload {
  notificationId: string;
  accountId: string;
  medium: 'email';
  toOutbound: OutboundMessage;
}

/** Delivers notifications through external media and records the results. */
@Controller()
export class DeliveriesConsumer {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly media: MediaService,
    private readonly events: EventLog,
  ) {}

  @OnTask(SEND_QUEUE, { concurrency: 8, maxAttempts: 8 })
  async deliver(task: Task<DeliveryPayload>, context: TaskContext<Tables>): Promise<void> {
    const { notificationId, accountId, medium, toOutbound: outgoing } = task.payload;
    const result = await this.attempt(medium, outgoing, context.isLastAttempt);
    const reason = result.delivered ? null : result.reason;
    await context.complete(async (trx) => {
      const status = result.delivered ? 'delivered' : 'failed';
      await this.inbox.completeDelivery(trx, { spaceId: task.spaceId, id: outgoing.id }, { status, reason });
      const data = { notificationId, accountId, medium };
      const event =
        reason === null
          ? { definition: notificationDelivered, data }
          : { definition: notificationFailed, data: { ...data, reason } };
      await this.events.append(trx, [{ spaceId: task.spaceId, ...event }]);
    });
  }

  private async attempt(
    medium: string,
    outgoing: OutboundMessage,
    isLastAttempt: boolean,
  ): Promise<{ delivered: true } | { delivered: false; reason: string }> {
    try {
      const sender = this.media.find(medium);
      return sender
        ? await sender.send(outgoing)
        : { delivered: false, reason: `There is no medium "${medium}".` };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isLastAttempt) throw new RetryableError(reason, { cause: error });
      return { delivered: false, reason };
    }
  }
}
