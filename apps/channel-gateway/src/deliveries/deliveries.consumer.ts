import { Controller } from '@nestjs/common';
import { deliveryUpdated, type EventEnvelope, messagePosted, newId } from '@parley/contracts';
import {
  EventLog,
  type EventContext,
  OnEvent,
  OnTask,
  RetryableError,
  type SettleTogether,
  type Task,
  type TaskContext,
  Tasks,
} from '@parley/messaging';
import { GuardedFetch } from '@parley/service';
import type { SendResult } from '../adapters/adapter.ts';
import { adapterFor } from '../adapters/index.ts';
import { ChannelDirectory } from '../channels/channel-directory.service.ts';
import type { DeliveryRow, Tables } from '../database.ts';
import { DeliveriesRepository } from './deliveries.repository.ts';

type Posted = EventEnvelope<typeof messagePosted>;

interface DeliveryPayload {
  deliveryId: string;
  channelId: string;
  conversationId: string;
  to: string;
  inReplyTo: string | null;
  message: Posted['data']['message'];
}

/** What became of a delivery. */
interface Outcome {
  status: 'sent' | 'failed';
  reason: string | null;
  attempts: number;
}

const DELIVERY_QUEUE = 'delivery';
const BACKOFF_MS = [1000, 5000, 30_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000];

/** Hands what was posted to its channel: a row and a task first, then the sending, then what became of it. */
@Controller()
export class DeliveriesConsumer {
  constructor(
    private readonly directory: ChannelDirectory,
    private readonly deliveries: DeliveriesRepository,
    private readonly tasks: Tasks,
    private readonly events: EventLog,
    private readonly http: GuardedFetch,
  ) {}

  @OnEvent(messagePosted, { consumer: 'delivery', dedupe: 'own' })
  async onPosted(events: Posted[], { trx }: EventContext<Tables>): Promise<void> {
    const wanted = new Map(
      events
        .filter((event) => isOutbound(event) && this.isDelivered(event))
        .map((event) => [event.data.message.id, event]),
    );
    const rows = await this.deliveries.insert(
      trx,
      [...wanted.values()].map(({ spaceId, data }) => ({
        space_id: spaceId,
        id: newId('dlv'),
        channel_id: data.origin.channelId ?? '',
        conversation_id: data.conversationId,
        message_id: data.message.id,
        status: 'pending' as const,
      })),
    );
    await this.tasks.enqueue(
      trx,
      rows.flatMap((row) => toTask(row, wanted.get(row.message_id))),
    );
  }

  @OnTask(DELIVERY_QUEUE, {
    concurrency: 32,
    maxAttempts: BACKOFF_MS.length,
    backoffMs: (attempt) => BACKOFF_MS[attempt - 1] ?? 36_000_000,
  })
  async deliver(task: Task<DeliveryPayload>, context: TaskContext<Tables>): Promise<void> {
    const result = await this.send(task.payload);
    if (result.kind === 'later' && !context.lastAttempt) {
      throw new RetryableError(
        result.reason,
        result.afterMs === undefined ? {} : { afterMs: result.afterMs },
      );
    }
    const outcome: Outcome =
      result.kind === 'sent'
        ? { status: 'sent', reason: null, attempts: task.attempt }
        : { status: 'failed', reason: result.reason, attempts: task.attempt };
    await context.settleTogether(outcome, this.settled);
  }

  /** Writes what became of deliveries, and tells of it. */
  private readonly settled: SettleTogether<Outcome, Tables> = async (trx, settled) => {
    const ended = settled.map(({ task, outcome }) => ({
      spaceId: task.spaceId,
      ...(task.payload as DeliveryPayload),
      ...outcome,
    }));
    await this.deliveries.settle(trx, ended);
    const events = ended.map(
      ({ spaceId, deliveryId, channelId, conversationId, message, status, reason }) => ({
        definition: deliveryUpdated,
        spaceId,
        data: {
          deliveryId,
          channelId,
          conversationId,
          messageId: message.id,
          status,
          reason,
          providerMessageId: null,
        },
      }),
    );
    await this.events.append(trx, events);
  };

  /** A channel that is handed nothing is read over the API. */
  private isDelivered({ data }: Posted): boolean {
    const channel = this.directory.find(data.origin.channelId ?? '');
    return (
      channel !== undefined && adapterFor(channel.deploymentType)?.delivers(channel.configuration) === true
    );
  }

  private async send(payload: DeliveryPayload): Promise<SendResult> {
    const channel = this.directory.find(payload.channelId);
    const adapter = channel && adapterFor(channel.deploymentType);
    if (!channel || !adapter) return { kind: 'refused', reason: 'The channel does not exist any more.' };
    if (channel.status !== 'active') return { kind: 'refused', reason: 'The channel is not active.' };
    const { configuration } = channel;
    return adapter.send(payload, {
      secret: this.directory.secretOf(channel),
      configuration,
      fetch: this.http.fetch,
      now: Date.now(),
    });
  }
}

function isOutbound({ data }: Posted): boolean {
  const { message, origin } = data;
  return origin.channelId !== null && message.author.type !== 'contact' && !message.internal;
}

function toTask(row: DeliveryRow, event: Posted | undefined): Parameters<Tasks['enqueue']>[1] {
  if (!event) return [];
  const { origin, inReplyTo, message } = event.data;
  const payload: DeliveryPayload = {
    deliveryId: row.id,
    channelId: row.channel_id,
    conversationId: row.conversation_id,
    to: origin.senderId ?? '',
    inReplyTo,
    message,
  };
  return [{ queue: DELIVERY_QUEUE, id: row.id, key: row.conversation_id, spaceId: row.space_id, payload }];
}
