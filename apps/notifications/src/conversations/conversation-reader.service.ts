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
import { excerptOf, singleLineName } from './excerpt.ts';

const REQUEST_TIMEOUT_MS = 5000;
/** Number of messages searched for the contact's last one. */
const RECENT_MESSAGES = 50;

interface ConversationKey {
  spaceId: string;
  conversationId: string;
}

/** Reads the context of a notification from the conversation service. Call it outside of transactions. */
@Injectable()
export class ConversationReader {
  constructor(private readonly operations: OperationClient) {}

  /**
   * Reads the context of a conversation.
   * @param sequence sequence of the message to quote; null quotes the contact's last message
   * @returns null for a deleted conversation or message, and for a direct room, which is private
   */
  async readContext(key: ConversationKey, sequence: number | null): Promise<ConversationContext | null> {
    const conversation = await this.nullIfNotFound(
      this.operations.request(getConversation, key, this.requestOptions(key.spaceId)),
    );
    if (!conversation) return null;
    const { contactId, roomId, lastSequence } = conversation.body;
    // A direct room has no contacts.
    if (contactId === null && (await this.isDirect({ spaceId: key.spaceId, roomId }))) return null;
    const message = contactId === null ? null : await this.findContactMessage(key, sequence, lastSequence);
    return sequence !== null && message === null ? null : toContext(conversation.body, message);
  }

  /** Accounts that have read a message. */
  async findReaders(key: ConversationKey, messageId: string): Promise<ReadonlySet<string>> {
    const request = { ...key, messageId };
    const answer = await this.nullIfNotFound(
      this.operations.request(listReceipts, request, this.requestOptions(key.spaceId)),
    );
    return new Set(answer?.body.data.flatMap(({ accountId }) => accountId ?? []));
  }

  private async isDirect(room: { spaceId: string; roomId: string }): Promise<boolean> {
    const answer = await this.nullIfNotFound(
      this.operations.request(getRoom, room, this.requestOptions(room.spaceId)),
    );
    return answer === null || answer.body.type === 'direct';
  }

  private async findContactMessage(
    key: ConversationKey,
    sequence: number | null,
    lastSequence: number,
  ): Promise<Message | null> {
    const range =
      sequence === null
        ? { beforeSequence: lastSequence + 1, limit: RECENT_MESSAGES }
        : { afterSequence: sequence - 1, limit: 1 };
    const answer = await this.nullIfNotFound(
      this.operations.request(listMessages, { ...key, ...range }, this.requestOptions(key.spaceId)),
    );
    const contacts = answer?.body.data.filter(({ author }) => author.type === 'contact') ?? [];
    return contacts.findLast((one) => sequence === null || one.sequence === sequence) ?? null;
  }

  private requestOptions(spaceId: string): Parameters<OperationClient['request']>[2] {
    return { principal: servicePrincipal('notifications', spaceId), deadlineMs: REQUEST_TIMEOUT_MS };
  }

  private async nullIfNotFound<Answer>(request: Promise<Answer>): Promise<Answer | null> {
    try {
      return await request;
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return null;
      throw error;
    }
  }
}

function toContext(
  { contactId, assignee, participants }: Conversation,
  message: Message | null,
): ConversationContext {
  const contact = participants.find((one) => one.contactId !== null && one.contactId === contactId);
  const name = contact?.name ?? message?.author.name;
  return {
    contactName: name ? singleLineName(name) : null,
    quote: message ? excerptOfMessage(message) : null,
    responsibleAccountIds: assignee ? [assignee] : participants.flatMap(({ accountId }) => accountId ?? []),
  };
}

function excerptOfMessage({ parts }: Message): string | null {
  const texts = parts.map((part) =>
    part.type === 'text' ? part.text : part.type === 'attachment' ? `[${part.name}]` : '',
  );
  return excerptOf(texts.filter(Boolean).join('\n')) || null;
}
