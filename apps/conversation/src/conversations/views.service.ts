import { Injectable } from '@nestjs/common';
import { type Conversation, conversationForVisitor, isBareKey, type Principal } from '@parley/contracts';
import { isVisitor, readerOf } from '../access.ts';
import type { ConversationRow, ConversationTrx } from '../database.ts';
import { MessagesRepository } from '../messages/messages.repository.ts';
import { toConversation } from '../shapes.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { type ConversationSort, cursorAfter, type ListedConversation } from './list-query.repository.ts';

/** Conversations as a principal sees them. */
@Injectable()
export class ViewsService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
  ) {}

  async many(
    trx: ConversationTrx,
    principal: Principal,
    rows: readonly ConversationRow[],
  ): Promise<Conversation[]> {
    const ids = rows.map((row) => row.id);
    const participants = await this.conversations.participants(trx, ids);
    const withInternal = !isVisitor(principal);
    const last = await this.messages.last(trx, rows, withInternal);
    const unread = await this.messages.unread(trx, rows, {
      ...{ id: readerOf(principal), withInternal },
      ownsSpace: isBareKey(principal),
    });
    const views = rows.map((row) =>
      toConversation(row, {
        participants: participants.filter((one) => one.parent_id === row.id),
        lastMessage: last.find((message) => message.conversation_id === row.id),
        unread: unread.get(row.id) ?? 0,
      }),
    );
    return isVisitor(principal) ? views.map(conversationForVisitor) : views;
  }

  /** A page of a list, of rows of which there is one more than it holds. */
  async page(
    trx: ConversationTrx,
    principal: Principal,
    rows: readonly ListedConversation[],
    { limit, sort }: { limit: number; sort: ConversationSort },
  ): Promise<{ data: Conversation[]; nextCursor: string | null }> {
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const data = await this.many(trx, principal, shown);
    return { data, nextCursor: rows.length > limit && last ? cursorAfter(sort, last) : null };
  }

  async one(trx: ConversationTrx, principal: Principal, row: ConversationRow): Promise<Conversation> {
    const [view] = await this.many(trx, principal, [row]);
    if (!view) throw new Error('A conversation has no view.');
    return view;
  }
}
