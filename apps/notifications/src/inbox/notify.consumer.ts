import { Controller } from '@nestjs/common';
import { handoffRequested, messagePosted, newId, notificationCreated } from '@parley/contracts';
import { EventLog, OnTask, RetryableError, type Task, type TaskContext } from '@parley/messaging';
import { ConversationReader } from '../conversations/conversation-reader.service.ts';
import type { MemberRow, Medium, NotificationTrx, RuleEvent, Tables } from '../database.ts';
import { kindOf } from '../kinds/index.ts';
import type { ConversationContext } from '../kinds/kind.ts';
import { RulesRepository } from '../rules/rules.repository.ts';
import { RulesService } from '../rules/rules.service.ts';
import { InboxRepository } from './inbox.repository.ts';
import { MailingService } from './mailing.service.ts';
import { toNotification } from './shapes.ts';

export const NOTIFY_QUEUE = 'notify';

/** The event that causes notifications. */
export interface NotifyPayload {
  event: RuleEvent;
  conversationId: string;
  reason?: string | null;
  /** The posted message; absent for a handoff. */
  messageId?: string;
  sequence: number | null;
}

/** After this many attempts a handoff is notified without context, because a contact is waiting. */
const MAX_CONTEXT_ATTEMPTS = 3;
const unknownContext: ConversationContext = { contactName: null, quote: null, responsibleAccountIds: [] };

/** Notifies the members that the rules of an event select: each once, through all media of the matching rules. */
@Controller()
export class NotifyConsumer {
  constructor(
    private readonly reader: ConversationReader,
    private readonly rules: RulesRepository,
    private readonly rulesService: RulesService,
    private readonly inbox: InboxRepository,
    private readonly mailing: MailingService,
    private readonly events: EventLog,
  ) {}

  @OnTask(NOTIFY_QUEUE, { concurrency: 8 })
  async notify(task: Task<NotifyPayload>, taskContext: TaskContext<Tables>): Promise<void> {
    const context = await this.readContext(task);
    const conversation = { spaceId: task.spaceId, conversationId: task.payload.conversationId };
    const { messageId } = task.payload;
    const readers =
      messageId && context ? await this.reader.findReaders(conversation, messageId) : new Set<string>();
    await taskContext.complete(async (trx) => {
      if (context) await this.createNotifications(trx, task, { context, readers });
    });
  }

  private async readContext({
    spaceId,
    payload,
    attempt,
  }: Task<NotifyPayload>): Promise<ConversationContext | null> {
    try {
      return await this.reader.readContext(
        { spaceId, conversationId: payload.conversationId },
        payload.sequence,
      );
    } catch (error) {
      if (payload.event === handoffRequested.name && attempt >= MAX_CONTEXT_ATTEMPTS) return unknownContext;
      const reason = error instanceof Error ? error.message : String(error);
      throw new RetryableError(`The conversation could not be read: ${reason}`, { cause: error });
    }
  }

  private async createNotifications(
    trx: NotificationTrx,
    { id: source, spaceId, payload }: Task<NotifyPayload>,
    { context, readers }: { context: ConversationContext; readers: ReadonlySet<string> },
  ): Promise<void> {
    const kind = kindOf(payload.event);
    const candidates = await this.findRecipients(trx, { spaceId, payload, context });
    const withUnread =
      payload.event === messagePosted.name
        ? await this.inbox.findAccountsWithUnread(trx, {
            spaceId,
            conversationId: payload.conversationId,
            event: payload.event,
          })
        : new Set<string>();
    const notified = [...candidates.values()].filter(
      ({ member: { account_id: id } }) => !readers.has(id) && !withUnread.has(id),
    );
    const { title, body } = kind.textFor(context, payload);
    const rows = await this.inbox.insert(
      trx,
      notified.map(({ member, media }) => ({
        space_id: spaceId,
        id: newId('ntf'),
        account_id: member.account_id,
        event: payload.event,
        title,
        body: context.quote && !payload.reason ? context.quote : body,
        conversation_id: payload.conversationId,
        read_at: null,
        source,
        media: JSON.stringify([...media].sort()),
      })),
    );
    await this.events.append(
      trx,
      rows.map((row) => ({
        definition: notificationCreated,
        spaceId,
        data: { notification: toNotification(row) },
      })),
    );
    const mailed = rows.filter((row) => row.media.includes('email'));
    const members = new Map(notified.map(({ member }) => [member.account_id, member]));
    await this.mailing.planMails(trx, mailed, {
      members,
      body,
      quote: context.quote,
      contactName: context.contactName,
    });
  }

  /** Merges matching rules: a member of several rules receives one notification. */
  private async findRecipients(
    trx: NotificationTrx,
    request: { spaceId: string; payload: NotifyPayload; context: ConversationContext },
  ): Promise<Map<string, { member: MemberRow; media: Set<Medium> }>> {
    const { spaceId, payload, context } = request;
    const kind = kindOf(payload.event);
    const found = new Map<string, { member: MemberRow; media: Set<Medium> }>();
    for (const rule of await this.rulesService.findEnabled(trx, spaceId, payload.event)) {
      const members = await this.rules.findMembersByRole(trx, spaceId, rule.roles);
      for (const member of kind.recipients(members, context)) {
        const recipient = found.get(member.account_id) ?? { member, media: new Set<Medium>() };
        for (const medium of rule.media) recipient.media.add(medium);
        found.set(member.account_id, recipient);
      }
    }
    return found;
  }
}
