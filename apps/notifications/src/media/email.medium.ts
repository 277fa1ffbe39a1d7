import { createTransport, type Transporter } from 'nodemailer';
import { requireNoTransaction } from '@parley/database';
import { composeMail } from './compose-mail.ts';
import type { NotificationMedium, Outgoing } from './medium.ts';

/** E-mail over SMTP; the message id is stable, so that mailboxes drop repeats. */
export class EmailMedium implements NotificationMedium {
  readonly name = 'email';
  private readonly transport: Transporter | null;
  private readonly from: string;

  constructor(smtpUrl: string | undefined, from: string) {
    this.transport = smtpUrl ? createTransport(smtpUrl) : null;
    this.from = from;
  }

  async send(outgoing: Outgoing): Promise<{ delivered: true } | { delivered: false; reason: string }> {
    requireNoTransaction('An e-mail');
    if (!this.transport) return { delivered: false, reason: 'E-mail is switched off: set SMTP_URL.' };
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
