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

/** One event that members are notified of. */
export interface NotifyPayload {
  event: RuleEvent;
  conversationId: string;
  reason?: string | null;
  /** The message that it is about; none for a handoff. */
  messageId?: string;
  sequence: number | null;
}

/** After so many attempts a handoff is told in poorer words: a contact waits. */
const PATIENT_ATTEMPTS = 3;
const unknown: ConversationContext = { contactName: null, quote: null, inCharge: [] };

/** Notifies the members whom the rules of an event name: each once, through every medium that one of the rules has. */
@Controller()
export class NotifyConsumer {
  constructor(
    private readonly reader: ConversationReader,
    private readonly rules: RulesRepository,
    private readonly ruleset: RulesService,
    private readonly inbox: InboxRepository,
    private readonly mailing: MailingService,
    private readonly events: EventLog,
  ) {}

  @OnTask(NOTIFY_QUEUE, { concurrency: 8 })
  async notify(task: Task<NotifyPayload>, taskContext: TaskContext<Tables>): Promise<void> {
    const context = await this.contextOf(task);
    const place = { spaceId: task.spaceId, conversationId: task.payload.conversationId };
    const { messageId } = task.payload;
    const readers = messageId && context ? await this.reader.readers(place, messageId) : new Set<string>();
    await taskContext.complete(async (trx) => {
      if (context) await this.tell(trx, task, { context, readers });
    });
  }

  private async contextOf({
    spaceId,
    payload,
    attempt,
  }: Task<NotifyPayload>): Promise<ConversationContext | null> {
    try {
      return await this.reader.read({ spaceId, conversationId: payload.conversationId }, payload.sequence);
    } catch (error) {
      if (payload.event === handoffRequested.name && attempt >= PATIENT_ATTEMPTS) return unknown;
      const reason = error instanceof Error ? error.message : String(error);
      throw new RetryableError(`The conversation could not be read: ${reason}`, { cause: error });
    }
  }

  private async tell(
    trx: NotificationTrx,
    { id: source, spaceId, payload }: Task<NotifyPayload>,
    { context, readers }: { context: ConversationContext; readers: ReadonlySet<string> },
  ): Promise<void> {
    const kind = kindOf(payload.event);
    const wanted = await this.recipients(trx, { spaceId, payload, context });
    const waiting =
      payload.event === messagePosted.name
        ? await this.inbox.waiting(trx, {
            spaceId,
            conversationId: payload.conversationId,
            event: payload.event,
          })
        : new Set<string>();
    const told = [...wanted.values()].filter(
      ({ member: { account_id: id } }) => !readers.has(id) && !waiting.has(id),
    );
    const { title, body } = kind.wording(context, payload);
    const rows = await this.inbox.insert(
      trx,
      told.map(({ member, media }) => ({
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
    const members = new Map(told.map(({ member }) => [member.account_id, member]));
    await this.mailing.plan(trx, mailed, {
      members,
      body,
      quote: context.quote,
      contactName: context.contactName,
    });
  }

  /** Two rules that name the same member are one notification. */
  private async recipients(
    trx: NotificationTrx,
    of: { spaceId: string; payload: NotifyPayload; context: ConversationContext },
  ): Promise<Map<string, { member: MemberRow; media: Set<Medium> }>> {
    const { spaceId, payload, context } = of;
    const kind = kindOf(payload.event);
    const found = new Map<string, { member: MemberRow; media: Set<Medium> }>();
    for (const rule of await this.ruleset.enabled(trx, spaceId, payload.event)) {
      const members = await this.rules.membersWith(trx, spaceId, rule.roles);
      for (const member of kind.recipients(members, context)) {
        const one = found.get(member.account_id) ?? { member, media: new Set<Medium>() };
        for (const medium of rule.media) one.media.add(medium);
        found.set(member.account_id, one);
      }
    }
    return found;
  }
}
