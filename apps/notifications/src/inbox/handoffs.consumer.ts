import { Controller } from '@nestjs/common';
import {
  type EventEnvelope,
  handoffRequested,
  newId,
  notificationCreated,
  notificationDelivered,
  notificationFailed,
  ownerChanged,
} from '@parley/contracts';
import {
  type EventContext,
  EventLog,
  OnEvent,
  OnTask,
  RetryableError,
  type Task,
  type TaskContext,
  Tasks,
} from '@parley/messaging';
import { InjectConfig } from '@parley/service';
import type { NotificationsConfig } from '../config.ts';
import type { MemberRow, NotificationRow, NotificationTrx, RuleRow, Tables } from '../database.ts';
import { MailLimitsService } from '../limits/mail-limits.service.ts';
import { MediaService } from '../media/media.service.ts';
import type { Outgoing } from '../media/medium.ts';
import { RulesRepository } from '../rules/rules.repository.ts';
import { InboxRepository } from './inbox.repository.ts';
import { toNotification } from './shapes.ts';

type Handoff = Pick<EventEnvelope, 'spaceId'> & { data: { conversationId: string; reason: string | null } };

/** The kind of event that rules name, whoever asked: a flow, or somebody by the API. */
const HANDOFF = handoffRequested.name;

interface SendPayload {
  notificationId: string;
  accountId: string;
  medium: 'email';
  outgoing: Outgoing;
}

const SEND_QUEUE = 'send';

/** A flow, or somebody by the API, asks for a person: whoever a rule names is told. */
@Controller()
export class HandoffsConsumer {
  constructor(
    private readonly rules: RulesRepository,
    private readonly inbox: InboxRepository,
    private readonly media: MediaService,
    private readonly limits: MailLimitsService,
    private readonly events: EventLog,
    private readonly tasks: Tasks,
    @InjectConfig() private readonly config: NotificationsConfig,
  ) {}

  @OnEvent(handoffRequested, { consumer: 'handoffs' })
  async onHandoff(
    events: EventEnvelope<typeof handoffRequested>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    await this.tell(trx, events);
  }

  @OnEvent(ownerChanged, { consumer: 'handoffs' })
  async onOwner(events: EventEnvelope<typeof ownerChanged>[], { trx }: EventContext<Tables>): Promise<void> {
    await this.tell(
      trx,
      events.filter(({ data }) => data.handoff === true),
    );
  }

  @OnTask(SEND_QUEUE, { concurrency: 8, maxAttempts: 8 })
  async send(task: Task<SendPayload>, context: TaskContext<Tables>): Promise<void> {
    const { notificationId, accountId, medium, outgoing } = task.payload;
    const result = await this.attempt(medium, outgoing, context.lastAttempt);
    const reason = result.delivered ? null : result.reason;
    await context.settle(async (trx) => {
      const status = result.delivered ? 'delivered' : 'failed';
      await this.inbox.settleDelivery(trx, { spaceId: task.spaceId, id: outgoing.id }, { status, reason });
      const data = { notificationId, accountId, medium };
      const event =
        reason === null
          ? { definition: notificationDelivered, data }
          : { definition: notificationFailed, data: { ...data, reason } };
      await this.events.append(trx, [{ spaceId: task.spaceId, ...event }]);
    });
  }

  private async attempt(
    medium: string,
    outgoing: Outgoing,
    last: boolean,
  ): Promise<{ delivered: true } | { delivered: false; reason: string }> {
    try {
      const found = this.media.find(medium);
      return found
        ? await found.send(outgoing)
        : { delivered: false, reason: `There is no medium "${medium}".` };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!last) throw new RetryableError(reason, { cause: error });
      return { delivered: false, reason };
    }
  }

  private async tell(trx: NotificationTrx, events: readonly Handoff[]): Promise<void> {
    for (const event of events) {
      for (const rule of await this.rules.enabled(trx, event.spaceId, HANDOFF))
        await this.apply(trx, event, rule);
    }
  }

  private async apply(trx: NotificationTrx, event: Handoff, rule: RuleRow): Promise<void> {
    const members = await this.rules.membersWith(trx, event.spaceId, rule.roles);
    const { conversationId, reason } = event.data;
    const rows = await this.inbox.insert(
      trx,
      members.map((member) => ({
        space_id: event.spaceId,
        id: newId('ntf'),
        account_id: member.account_id,
        event: HANDOFF,
        title: 'A conversation needs a person',
        body: reason ?? 'Somebody asks for a person.',
        conversation_id: conversationId,
        read_at: null,
      })),
    );
    await this.events.append(
      trx,
      rows.map((row) => ({
        definition: notificationCreated,
        spaceId: event.spaceId,
        data: { notification: toNotification(row) },
      })),
    );
    if (rule.media.includes('email')) await this.mail(trx, rows, members);
  }

  private async mail(
    trx: NotificationTrx,
    rows: readonly NotificationRow[],
    members: readonly MemberRow[],
  ): Promise<void> {
    const link = this.config.PUBLIC_URL ? `${this.config.PUBLIC_URL.replace(/\/$/, '')}/` : null;
    // An address that nobody has verified gets no mail.
    const reachable = new Map(
      members.filter((one) => one.email_verified).map((one) => [one.account_id, one]),
    );
    const all = rows
      .filter((row) => reachable.has(row.account_id))
      .map((row) => ({ row, id: newId('dlv'), member: reachable.get(row.account_id) }));
    const granted = await this.limits.take(trx, rows[0]?.space_id ?? '', all.length);
    const planned = all.slice(0, granted);
    await this.inbox.insertDeliveries(
      trx,
      all.map(({ row, id }, index) => ({
        space_id: row.space_id,
        id,
        notification_id: row.id,
        account_id: row.account_id,
        medium: 'email',
        status: index < granted ? 'pending' : 'failed',
        reason: index < granted ? null : this.limits.reason,
      })),
    );
    const tasks = planned.map(({ row, id, member }) => {
      const to = { name: member?.name ?? '', email: member?.email ?? null };
      const outgoing: Outgoing = { id, to, title: row.title, body: row.body, link };
      const payload: SendPayload = {
        notificationId: row.id,
        accountId: row.account_id,
        medium: 'email',
        outgoing,
      };
      return { queue: SEND_QUEUE, id, key: row.account_id, spaceId: row.space_id, payload };
    });
    await this.tasks.enqueue(trx, tasks);
  }
}
