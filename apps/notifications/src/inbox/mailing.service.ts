import { Injectable } from '@nestjs/common';
import { newId, notificationFailed } from '@parley/contracts';
import { EventLog, Tasks } from '@parley/messaging';
import { InjectConfig } from '@parley/service';
import type { NotificationsConfig } from '../config.ts';
import type { MemberRow, NotificationRow, NotificationTrx } from '../database.ts';
import { MailLimitsService } from '../limits/mail-limits.service.ts';
import type { Outgoing } from '../media/medium.ts';
import { InboxRepository } from './inbox.repository.ts';
import { SEND_QUEUE, type SendPayload } from './sending.consumer.ts';

/** What mails about one event say, and to whom they may go. */
export interface MailContent {
  members: ReadonlyMap<string, MemberRow>;
  body: string;
  quote: string | null;
  contactName: string | null;
}

interface Planned {
  row: NotificationRow;
  id: string;
  member: MemberRow | undefined;
  /** Why it is not sent; null: it is. */
  reason: string | null;
}

const UNVERIFIED = 'The e-mail address of the member is not verified.';

/** Plans the mails of notifications: to verified addresses, as many as the space may send. */
@Injectable()
export class MailingService {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly limits: MailLimitsService,
    private readonly events: EventLog,
    private readonly tasks: Tasks,
    @InjectConfig() private readonly config: NotificationsConfig,
  ) {}

  async plan(trx: NotificationTrx, rows: readonly NotificationRow[], content: MailContent): Promise<void> {
    const planned = await this.judge(trx, rows, content.members);
    await this.inbox.insertDeliveries(
      trx,
      planned.map(({ row, id, reason }) => ({
        space_id: row.space_id,
        id,
        notification_id: row.id,
        account_id: row.account_id,
        medium: 'email' as const,
        status: reason === null ? ('pending' as const) : ('failed' as const),
        reason,
      })),
    );
    await this.events.append(
      trx,
      planned.flatMap(({ row, reason }) =>
        reason === null
          ? []
          : {
              definition: notificationFailed,
              spaceId: row.space_id,
              data: { notificationId: row.id, accountId: row.account_id, medium: 'email' as const, reason },
            },
      ),
    );
    const sent = planned.filter(({ reason }) => reason === null);
    await this.tasks.enqueue(
      trx,
      sent.map((one) => {
        const payload: SendPayload = {
          notificationId: one.row.id,
          accountId: one.row.account_id,
          medium: 'email',
          outgoing: this.outgoing(one, content),
        };
        const { account_id: key, space_id: spaceId } = one.row;
        return { queue: SEND_QUEUE, id: one.id, key, spaceId, payload };
      }),
    );
  }

  private async judge(
    trx: NotificationTrx,
    rows: readonly NotificationRow[],
    members: ReadonlyMap<string, MemberRow>,
  ): Promise<Planned[]> {
    const all = rows.map((row) => ({ row, id: newId('dlv'), member: members.get(row.account_id) }));
    const verified = all.filter(({ member }) => member?.email_verified);
    const allowed = await this.limits.take(trx, rows[0]?.space_id ?? '', verified.length);
    const granted = new Set(verified.slice(0, allowed));
    return all.map((one) => {
      const refusal = one.member?.email_verified ? this.limits.reason : UNVERIFIED;
      return { ...one, reason: granted.has(one) ? null : refusal };
    });
  }

  private outgoing({ row, id, member }: Planned, { body, quote, contactName }: MailContent): Outgoing {
    return {
      id,
      to: { name: member?.name ?? '', email: member?.email ?? null },
      title: row.title,
      body,
      quote: quote === null ? null : { author: contactName ?? 'The contact', text: quote },
      link: this.linkTo(row),
    };
  }

  /** What stands behind `#` is for the page alone: it is in no server's log. */
  private linkTo({ space_id: spaceId, conversation_id: conversationId }: NotificationRow): string {
    const base = (this.config.PUBLIC_URL ?? this.config.LINK_BASE_URL).replace(/\/$/, '');
    return `${base}/#/spaces/${spaceId}/conversations/${conversationId}`;
  }
}
