import { Injectable } from '@nestjs/common';
import {
  type Conversation,
  getConversation,
  getRoom,
  listMessages,
  listReceipts,
  type Message,
  ProblemError,
  servicePrincipal,
} from '@parley/contracts';
import { OperationClient } from '@parley/messaging';
import type { ConversationContext } from '../kinds/kind.ts';
import { excerptOf, nameOf } from './excerpt.ts';

const ASK_MS = 5000;
/** So far back a contact's last message is looked for. */
const RECENT_MESSAGES = 50;

interface Place {
  spaceId: string;
  conversationId: string;
}

/** Asks the conversation service what a notification says; outside of transactions. */
@Injectable()
export class ConversationReader {
  constructor(private readonly operations: OperationClient) {}

  /**
   * Reads what is known of a conversation.
   * @param sequence place of the message that it is about; null: the contact's last one is quoted
   * @returns null when the conversation or the message is gone, and for a direct room: nobody else learns of it
   */
  async read(place: Place, sequence: number | null): Promise<ConversationContext | null> {
    const conversation = await this.orNull(
      this.operations.request(getConversation, place, this.asking(place.spaceId)),
    );
    if (!conversation) return null;
    const { contactId, roomId, lastSequence } = conversation.body;
    // A direct room has no contacts.
    if (contactId === null && (await this.isDirect({ spaceId: place.spaceId, roomId }))) return null;
    const message = contactId === null ? null : await this.message(place, sequence, lastSequence);
    return sequence !== null && message === null ? null : contextOf(conversation.body, message);
  }

  /** Accounts that have read a message. */
  async readers(place: Place, messageId: string): Promise<ReadonlySet<string>> {
    const request = { ...place, messageId };
    const answer = await this.orNull(
      this.operations.request(listReceipts, request, this.asking(place.spaceId)),
    );
    return new Set(answer?.body.data.flatMap(({ accountId }) => accountId ?? []));
  }

  private async isDirect(room: { spaceId: string; roomId: string }): Promise<boolean> {
    const answer = await this.orNull(this.operations.request(getRoom, room, this.asking(room.spaceId)));
    return answer === null || answer.body.type === 'direct';
  }

  private async message(place: Place, sequence: number | null, last: number): Promise<Message | null> {
    const span =
      sequence === null
        ? { beforeSequence: last + 1, limit: RECENT_MESSAGES }
        : { afterSequence: sequence - 1, limit: 1 };
    const answer = await this.orNull(
      this.operations.request(listMessages, { ...place, ...span }, this.asking(place.spaceId)),
    );
    const contacts = answer?.body.data.filter(({ author }) => author.type === 'contact') ?? [];
    return contacts.findLast((one) => sequence === null || one.sequence === sequence) ?? null;
  }

  private asking(spaceId: string): Parameters<OperationClient['request']>[2] {
    return { principal: servicePrincipal('notifications', spaceId), deadlineMs: ASK_MS };
  }

  private async orNull<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return null;
      throw error;
    }
  }
}

function contextOf(
  { contactId, assignee, participants }: Conversation,
  message: Message | null,
): ConversationContext {
  const contact = participants.find((one) => one.contactId !== null && one.contactId === contactId);
  const name = contact?.name ?? message?.author.name;
  return {
    contactName: name ? nameOf(name) : null,
    quote: message ? textOf(message) : null,
    inCharge: assignee ? [assignee] : participants.flatMap(({ accountId }) => accountId ?? []),
  };
}

function textOf({ parts }: Message): string | null {
  const words = parts.map((part) =>
    part.type === 'text' ? part.text : part.type === 'attachment' ? `[${part.name}]` : '',
  );
  return excerptOf(words.filter(Boolean).join('\n')) || null;
}
