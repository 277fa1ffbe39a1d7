import { Injectable } from '@nestjs/common';
import { InjectConfig } from '@parley/service';
import { createTransport, type Transporter } from 'nodemailer';
import type { NotificationsConfig } from '../config.ts';
import type { ComposedMail } from './compose-mail.ts';

const TIMEOUT_MS = 15_000;

/** Sends mails about accounts over SMTP. */
@Injectable()
export class Mailer {
  private readonly transport: Transporter | null;

  constructor(@InjectConfig() private readonly config: NotificationsConfig) {
    const timeouts = {
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
    };
    this.transport = config.SMTP_URL ? createTransport({ url: config.SMTP_URL, ...timeouts }) : null;
  }

  /** Whether an SMTP server is configured. */
  get isOn(): boolean {
    return this.transport !== null;
  }

  /** Sends a mail. The message id is stable, so mailboxes can drop duplicates. */
  async send(id: string, to: { email: string; name: string }, mail: ComposedMail): Promise<void> {
    await this.transport?.sendMail({
      messageId: `<${id}@parley>`,
      from: this.config.MAIL_FROM,
      to: { name: to.name, address: to.email },
      ...mail,
    });
  }
}
