import { Injectable } from '@nestjs/common';
import { eventForVisitor } from '@parley/contracts';
import type { ConversationTrx, EventRow } from '../database.ts';
import { toMessage } from '../shapes.ts';
import { MessagesRepository } from './messages.repository.ts';

/** The history of a conversation as its visitor may read it. */
@Injectable()
export class EventViewsService {
  constructor(private readonly messages: MessagesRepository) {}

  /** Messages stand in their events as they are now: earlier wordings and deleted text never leave. */
  async forVisitor(trx: ConversationTrx, rows: readonly EventRow[]): Promise<EventRow[]> {
    const ids = new Set(rows.flatMap((row) => messageIdOf(row) ?? []));
    const current = new Map((await this.messages.findMany(trx, [...ids])).map((row) => [row.id, row]));
    return rows.flatMap((row) => {
      const id = messageIdOf(row);
      const message = id === null ? undefined : current.get(id);
      // A message that is gone was erased, and its events show nothing of it.
      if (id !== null && !message) return [];
      const data = eventForVisitor(row.name, {
        ...row.data,
        ...(message && { message: toMessage(message) }),
      });
      return data ? [{ ...row, data }] : [];
    });
  }
}

function messageIdOf({ data }: EventRow): string | null {
  return (data['message'] as { id?: string } | undefined)?.id ?? null;
}
