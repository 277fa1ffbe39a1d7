import { Injectable } from '@nestjs/common';
import { type DeliveryKind, type Message, newId } from '@parley/contracts';
import { type NewTask, Tasks } from '@parley/messaging';
import type { ChannelTrx, DeliveryRow } from '../database.ts';
import { DeliveriesRepository } from './deliveries.repository.ts';
import type { Outbound } from './outbound.ts';

export const DELIVERY_QUEUE = 'delivery';

/** What the task of a delivery carries. */
export interface DeliveryPayload {
  deliveryId: string;
  /** Absent in tasks from before changes were delivered: they are messages. */
  kind?: DeliveryKind;
  channelId: string;
  conversationId: string;
  to: string;
  inReplyTo: string | null;
  message: Message;
}

/** Writes deliveries: each a row with its task. Those of one conversation are attempted one after another. */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly tasks: Tasks,
  ) {}

  /** Begins deliveries; one that was begun before is left as it is. */
  async accept(trx: ChannelTrx, outbound: readonly Outbound[]): Promise<void> {
    if (outbound.length === 0) return;
    const answered = await this.answeredBy(trx, outbound);
    const wanted = new Map(
      outbound.map((one) => [
        sourceOf(one),
        { ...one, inReplyTo: one.inReplyTo ?? answered.get(one.message.id) ?? null },
      ]),
    );
    const rows = await this.deliveries.insert(
      trx,
      [...wanted.values()].map((one) => ({
        space_id: one.spaceId,
        id: newId('dlv'),
        channel_id: one.channelId,
        conversation_id: one.conversationId,
        message_id: one.message.id,
        kind: one.kind,
        source_id: one.sourceId,
        to_address: one.to,
        in_reply_to: one.inReplyTo,
      })),
    );
    const order = new Map([...wanted.keys()].map((source, place) => [source, place]));
    const placeOf = (row: DeliveryRow): number => order.get(row.source_id ?? row.message_id) ?? 0;
    const tasks = rows
      .toSorted((one, other) => placeOf(one) - placeOf(other))
      .flatMap((row) => {
        const found = wanted.get(row.source_id ?? row.message_id);
        return found ? [taskOf(row, found.message)] : [];
      });
    await this.tasks.enqueue(trx, tasks);
  }

  /** The contact of a conversation was erased, or the conversation deleted: nothing more goes there, and nothing tells where it was. */
  async erase(
    trx: ChannelTrx,
    place: { spaceId: string; conversationId: string },
    reason: string,
  ): Promise<void> {
    const ended = await this.deliveries.forgetContact(trx, place, reason);
    if (ended.length > 0) await this.tasks.cancel(trx, DELIVERY_QUEUE, place.spaceId, ended);
  }

  /** Attempts a delivery anew, under the same id. */
  async begin(trx: ChannelTrx, row: DeliveryRow, message: Message): Promise<void> {
    await this.tasks.enqueue(trx, [taskOf(row, message)]);
  }

  /** A change belongs to what its message answered, which the delivery of the message knows. */
  private async answeredBy(
    trx: ChannelTrx,
    outbound: readonly Outbound[],
  ): Promise<ReadonlyMap<string, string | null>> {
    const changed = outbound.filter(({ kind, inReplyTo }) => kind !== 'message' && inReplyTo === null);
    if (changed.length === 0) return new Map();
    return this.deliveries.inReplyTo(
      trx,
      changed.map(({ message }) => message.id),
    );
  }
}

function sourceOf({ sourceId, message }: Outbound): string {
  return sourceId ?? message.id;
}

function taskOf(row: DeliveryRow, message: Message): NewTask<DeliveryPayload> {
  const payload = {
    deliveryId: row.id,
    kind: row.kind,
    channelId: row.channel_id,
    conversationId: row.conversation_id,
    to: row.to_address ?? '',
    inReplyTo: row.in_reply_to,
    message,
  };
  return { queue: DELIVERY_QUEUE, id: row.id, key: row.conversation_id, spaceId: row.space_id, payload };
}
