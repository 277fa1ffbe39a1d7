import { Controller } from '@nestjs/common';
import {
  type OperationInput,
  type OperationOutput,
  permissionDenied,
  sendAccountMail,
} from '@parley/contracts';
import { Database } from '@parley/database';
import {
  HandleOperation,
  OnTask,
  type OperationContext,
  RetryableError,
  type Task,
  Tasks,
} from '@parley/messaging';
import { InjectConfig, Logger, SecretBox } from '@parley/service';
import type { NotificationsConfig } from '../config.ts';
import type { Tables } from '../database.ts';
import { composeMail } from './compose-mail.ts';
import { Mailer } from './mailer.ts';

type Mail = OperationInput<typeof sendAccountMail>;

/** A mail as it is kept until it is sent: its token only sealed. */
interface MailTask extends Omit<Mail, 'token' | 'mailId'> {
  sealedToken: string | null;
}

const QUEUE = 'account_mail';
/** These mails belong to no space. */
const NO_SPACE = '_';

/** Takes mails about accounts from identity, and sends them. */
@Controller()
export class AccountMailsHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly tasks: Tasks,
    private readonly secrets: SecretBox,
    private readonly mailer: Mailer,
    private readonly logger: Logger,
    @InjectConfig() private readonly config: NotificationsConfig,
  ) {}

  @HandleOperation(sendAccountMail)
  async take(
    { mailId, token, ...mail }: Mail,
    { trx, principal }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof sendAccountMail>> {
    if (principal.type !== 'service' || principal.id !== 'identity')
      throw permissionDenied('Only identity has mails about accounts sent.');
    await this.database.setSpaces(trx, [NO_SPACE]);
    const sealedToken = token === null ? null : await this.secrets.seal(trx, placeOf(mailId), token);
    const payload: MailTask = { ...mail, sealedToken };
    await this.tasks.enqueue(trx, [{ queue: QUEUE, id: mailId, key: mailId, spaceId: NO_SPACE, payload }]);
    return {};
  }

  @OnTask(QUEUE, {
    concurrency: 8,
    maxAttempts: 20,
    timeoutMs: 60_000,
    backoffMs: (attempt) => Math.min(300_000, 1000 * 2 ** attempt),
  })
  async send(task: Task<MailTask>): Promise<void> {
    const { sealedToken, expiresAt, to, ...mail } = task.payload;
    const about = { mailId: task.id, kind: mail.kind };
    if (new Date(expiresAt) <= new Date()) return;
    if (!this.mailer.isOn)
      return this.logger.warn(about, 'Account mail dropped, SMTP is off: set SMTP_URL of notifications');
    const token = sealedToken === null ? null : await this.open(task.id, sealedToken);
    try {
      const { PUBLIC_URL, LINK_BASE_URL } = this.config;
      await this.mailer.send(task.id, to, composeMail({ ...mail, token }, PUBLIC_URL ?? LINK_BASE_URL));
    } catch (error) {
      // The server's words may hold the address: only its code is passed on.
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      throw new RetryableError(
        `The SMTP server did not take the mail: ${responseCode ?? code ?? 'no answer'}.`,
      );
    }
  }

  private async open(id: string, sealed: string): Promise<string> {
    const opened = await this.database.withSpaces([NO_SPACE], (trx) =>
      this.secrets.open(trx, placeOf(id), sealed),
    );
    return opened.reveal();
  }
}

function placeOf(id: string) {
  return { spaceId: NO_SPACE, table: 'task', row: id, column: 'token' };
}
