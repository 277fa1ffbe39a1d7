import { Injectable } from '@nestjs/common';
import { newId, notificationFailed } from '@parley/contracts';
import { EventLog, Tasks } from '@parley/messaging';
import { InjectConfig } from '@parley/service';
import type { NotificationsConfig } from '../config.ts';
import type { MemberRow, NotificationRow, NotificationTrx } from '../database.ts';
import { MailLimitsService } from '../limits/mail-limits.service.ts';
import type { OutboundMessage } from '../media/medium.ts';
import { InboxRepository } from './inbox.repository.ts';
import { SEND_QUEUE, type DeliveryPayload } from './deliveries.consumer.ts';

/** The content of the mails of one event, and the members that can receive them. */
export interface MailContent {
  members: ReadonlyMap<string, MemberRow>;
  body: string;
  quote: string | null;
  contactName: string | null;
}

interface PlannedMail {
  row: NotificationRow;
  id: string;
  member: MemberRow | undefined;
  /** Why the mail is not sent; null if it is sent. */
  reason: string | null;
}

const UNVERIFIED = 'The e-mail address of the member is not verified.';

/** Creates the e-mail deliveries of notifications: to verified addresses, within the limits of the space. */
@Injectable()
export class MailingService {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly limits: MailLimitsService,
    private readonly events: EventLog,
    private readonly tasks: Tasks,
    @InjectConfig() private readonly config: NotificationsConfig,
  ) {}

  async planMails(
    trx: NotificationTrx,
    rows: readonly NotificationRow[],
    content: MailContent,
  ): Promise<void> {
    const planned = await this.decideDeliveries(trx, rows, content.members);
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
    const allowed = planned.filter(({ reason }) => reason === null);
    await this.tasks.enqueue(
      trx,
      allowed.map((one) => {
        const payload: DeliveryPayload = {
          notificationId: one.row.id,
          accountId: one.row.account_id,
          medium: 'email',
          toOutbound: this.outgoing(one, content),
        };
        const { account_id: key, space_id: spaceId } = one.row;
        return { queue: SEND_QUEUE, id: one.id, key, spaceId, payload };
      }),
    );
  }

  private async decideDeliveries(
    trx: NotificationTrx,
    rows: readonly NotificationRow[],
    members: ReadonlyMap<string, MemberRow>,
  ): Promise<PlannedMail[]> {
    const all = rows.map((row) => ({ row, id: newId('dlv'), member: members.get(row.account_id) }));
    const verified = all.filter(({ member }) => member?.email_verified);
    const grantedCount = await this.limits.reserve(trx, rows[0]?.space_id ?? '', verified.length);
    const granted = new Set(verified.slice(0, grantedCount));
    return all.map((one) => {
      const rejectionReason = one.member?.email_verified ? this.limits.limitReason : UNVERIFIED;
      return { ...one, reason: granted.has(one) ? null : rejectionReason };
    });
  }

  private outgoing(
    { row, id, member }: PlannedMail,
    { body, quote, contactName }: MailContent,
  ): OutboundMessage {
    return {
      id,
      to: { name: member?.name ?? '', email: member?.email ?? null },
      title: row.title,
      body,
      quote: quote === null ? null : { author: contactName ?? 'The contact', text: quote },
      link: this.conversationLink(row),
    };
  }

  /** Browsers do not send the fragment after `#`, so the ids appear in no server log. */
  private conversationLink({ space_id: spaceId, conversation_id: conversationId }: NotificationRow): string {
    const base = (this.config.PUBLIC_URL ?? this.config.LINK_BASE_URL).replace(/\/$/, '');
    return `${base}/#/spaces/${spaceId}/conversations/${conversationId}`;
  }
}
