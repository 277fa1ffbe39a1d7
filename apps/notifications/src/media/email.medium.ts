import { createTransport, type Transporter } from 'nodemailer';
import { requireNoTransaction } from '@parley/database';
import { composeMail } from './compose-mail.ts';
import type { NotificationMedium, OutboundMessage } from './medium.ts';

/** E-mail over SMTP. The message id is stable, so mailboxes can drop duplicates. */
export class EmailMedium implements NotificationMedium {
  readonly name = 'email';
  private readonly transport: Transporter | null;
  private readonly from: string;

  constructor(smtpUrl: string | undefined, from: string) {
    this.transport = smtpUrl ? createTransport(smtpUrl) : null;
    this.from = from;
  }

  async send(outgoing: OutboundMessage): Promise<{ delivered: true } | { delivered: false; reason: string }> {
    requireNoTransaction('An e-mail');
    if (!this.transport) return { delivered: false, reason: 'E-mail is off: set SMTP_URL.' };
    const { id, to, title } = outgoing;
    if (!to.email) return { delivered: false, reason: 'The member has no e-mail address.' };
    await this.transport.sendMail({
      messageId: `<${id}@parley>`,
      from: this.from,
      to: { name: to.name, address: to.email },
      subject: title,
      ...composeMail(outgoing),
    });
    return { delivered: true };
  }
}
