import { Injectable } from '@nestjs/common';
import { type Conversation, conversationForVisitor, isBareKey, type Principal } from '@parley/contracts';
import { isVisitor, readerIdOf } from '../access.ts';
import type { ConversationRow, ConversationTrx } from '../database.ts';
import { MessagesRepository } from '../messages/messages.repository.ts';
import { toConversation } from '../shapes.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { type ConversationSort, cursorAfter, type ListedConversation } from './list-query.repository.ts';

/** Public views of conversations for a principal. */
@Injectable()
export class ViewsService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
  ) {}

  async viewMany(
    trx: ConversationTrx,
    principal: Principal,
    rows: readonly ConversationRow[],
  ): Promise<Conversation[]> {
    const ids = rows.map((row) => row.id);
    const participants = await this.conversations.listParticipants(trx, ids);
    const withInternal = !isVisitor(principal);
    const last = await this.messages.last(trx, rows, withInternal);
    const unread = await this.messages.unread(trx, rows, {
      ...{ id: readerIdOf(principal), withInternal },
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

  /** Returns a page of views. @param rows up to `limit + 1` rows */
  async viewPage(
    trx: ConversationTrx,
    principal: Principal,
    rows: readonly ListedConversation[],
    { limit, sort }: { limit: number; sort: ConversationSort },
  ): Promise<{ data: Conversation[]; nextCursor: string | null }> {
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const data = await this.viewMany(trx, principal, page);
    return { data, nextCursor: rows.length > limit && last ? cursorAfter(sort, last) : null };
  }

  async viewOne(trx: ConversationTrx, principal: Principal, row: ConversationRow): Promise<Conversation> {
    const [view] = await this.viewMany(trx, principal, [row]);
    if (!view) throw new Error('A conversation has no view.');
    return view;
  }
}
