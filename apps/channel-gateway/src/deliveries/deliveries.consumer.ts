import { Controller } from '@nestjs/common';
import {
  contactErased,
  conversationDeleted,
  deliveryUpdated,
  type EventEnvelope,
  messageChanged,
  messagePosted,
} from '@parley/contracts';
import { Database } from '@parley/database';
import {
  EventLog,
  type EventContext,
  type TaskFailureContext,
  OnEvent,
  OnTaskFailed,
  OnTask,
  RetryableError,
  type BatchWrite,
  type Task,
  type TaskContext,
} from '@parley/messaging';
import { GuardedFetch } from '@parley/service';
import type { SendResult } from '../adapters/adapter.ts';
import { adapterFor } from '../adapters/index.ts';
import { ChannelDirectory } from '../channels/channel-directory.service.ts';
import type { ChannelTrx, Tables } from '../database.ts';
import { DeliveriesRepository } from './deliveries.repository.ts';
import { DELIVERY_QUEUE, DeliveriesService, type DeliveryPayload } from './deliveries.service.ts';
import { type Changed, type Outbound, outboundOfChanged, outboundOfPosted, type Posted } from './outbound.ts';

/** What became of a delivery. */
interface Outcome {
  status: 'sent' | 'failed';
  reason: string | null;
  attempts: number;
  providerMessageId: string | null;
}

const BACKOFF_MS = [1000, 5000, 30_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000];
const backoffMs = (attempt: number): number => BACKOFF_MS[attempt - 1] ?? 36_000_000;

/** Hands what was posted or changed to its channel: a row and a task first, then the attempts, then what became of it. */
@Controller()
export class DeliveriesConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly directory: ChannelDirectory,
    private readonly deliveries: DeliveriesRepository,
    private readonly service: DeliveriesService,
    private readonly events: EventLog,
    private readonly http: GuardedFetch,
  ) {}

  @OnEvent(messagePosted, {
    consumer: 'delivery',
    dedupe: 'own',
    concerns: (event) => outboundOfPosted(event) !== null,
  })
  async onPosted(events: Posted[], { trx }: EventContext<Tables>): Promise<void> {
    await this.accept(trx, events.map(outboundOfPosted));
  }

  @OnEvent(messageChanged, {
    consumer: 'delivery',
    dedupe: 'own',
    concerns: (event) => outboundOfChanged(event) !== null,
  })
  async onChanged(events: Changed[], { trx }: EventContext<Tables>): Promise<void> {
    await this.accept(trx, events.map(outboundOfChanged));
  }

  @OnEvent(contactErased, { consumer: 'delivery', dedupe: 'own' })
  async onErased(
    events: EventEnvelope<typeof contactErased>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    await this.erase(trx, events, 'The contact was erased.');
  }

  @OnEvent(conversationDeleted, { consumer: 'delivery', dedupe: 'own' })
  async onDeleted(
    events: EventEnvelope<typeof conversationDeleted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    await this.erase(trx, events, 'The conversation was deleted.');
  }

  @OnTask(DELIVERY_QUEUE, { concurrency: 32, maxAttempts: BACKOFF_MS.length, backoffMs })
  async deliver(task: Task<DeliveryPayload>, context: TaskContext<Tables>): Promise<void> {
    const result = await this.send(task.payload);
    const { attempt: attempts } = task;
    if (result.kind === 'later' && !context.isLastAttempt) {
      const afterMs = result.afterMs ?? backoffMs(attempts);
      await this.noteFailure(task, { reason: result.reason, afterMs });
      throw new RetryableError(result.reason, { afterMs });
    }
    const outcome: Outcome =
      result.kind === 'sent'
        ? { status: 'sent', reason: null, attempts, providerMessageId: result.providerMessageId }
        : { status: 'failed', reason: result.reason, attempts, providerMessageId: null };
    await context.completeInBatch(outcome, this.settled);
  }

  /** What fails here in another way than at the channel is a failed delivery all the same. */
  @OnTaskFailed(DELIVERY_QUEUE)
  async giveUp(task: Task<DeliveryPayload>, { trx }: TaskFailureContext<Tables>): Promise<void> {
    const reason = 'The delivery failed here. Look at the dead letters, then replay it.';
    const outcome: Outcome = { status: 'failed', reason, attempts: task.attempt, providerMessageId: null };
    await this.settled(trx, [{ task, outcome }]);
  }

  /** Ends the deliveries of conversations whose content is gone. */
  private async erase(
    trx: Parameters<DeliveriesService['erase']>[0],
    events: readonly EventEnvelope<typeof contactErased | typeof conversationDeleted>[],
    reason: string,
  ): Promise<void> {
    for (const { spaceId, data } of events)
      await this.service.erase(trx, { spaceId, conversationId: data.conversationId }, reason);
  }

  /** A delivery that fails shows since when and why, before it is given up. */
  private async noteFailure(
    { spaceId, payload, attempt: attempts }: Task<DeliveryPayload>,
    { reason, afterMs }: { reason: string; afterMs: number },
  ): Promise<void> {
    const nextAttemptAt = new Date(Date.now() + afterMs);
    await this.database.withSpaces([spaceId], (trx) =>
      this.deliveries.noteFailure(trx, spaceId, payload.deliveryId, { attempts, reason, nextAttemptAt }),
    );
  }

  /** Writes what became of deliveries, and tells of it. */
  private readonly settled: BatchWrite<Outcome, Tables> = async (trx, settled) => {
    const ended = settled.map(({ task, outcome }) => ({
      spaceId: task.spaceId,
      ...(task.payload as DeliveryPayload),
      ...outcome,
    }));
    await this.deliveries.settle(trx, ended);
    await this.events.append(
      trx,
      ended.map(({ spaceId, message, to: _to, inReplyTo: _inReplyTo, kind = 'message', ...data }) => ({
        definition: deliveryUpdated,
        spaceId,
        data: { ...data, kind, messageId: message.id },
      })),
    );
  };

  private async accept(trx: ChannelTrx, outbound: readonly (Outbound | null)[]): Promise<void> {
    await this.service.accept(
      trx,
      outbound.filter((one) => one !== null).filter((one) => this.isDelivered(one)),
    );
  }

  /** A channel that is handed nothing is read over the API. */
  private isDelivered({ channelId, spaceId, kind }: Outbound): boolean {
    const channel = this.directory.find(channelId);
    if (!channel || channel.spaceId !== spaceId) return false;
    return (
      adapterFor(channel.deploymentType)?.deliverableKinds(channel.configuration).includes(kind) === true
    );
  }

  private async send(payload: DeliveryPayload): Promise<SendResult> {
    const channel = this.directory.find(payload.channelId);
    const adapter = channel && adapterFor(channel.deploymentType);
    if (!channel || !adapter) return { kind: 'refused', reason: 'The channel does not exist any more.' };
    if (channel.status !== 'active') return { kind: 'refused', reason: 'The channel is not active.' };
    const { configuration } = channel;
    // Tasks from before there were kinds have none.
    const { kind = 'message' } = payload;
    return adapter.send(
      { ...payload, kind },
      {
        secret: this.directory.secretOf(channel),
        configuration,
        fetch: this.http.fetch,
        now: Date.now(),
      },
    );
  }
}
