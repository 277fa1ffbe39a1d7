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

/** A mail in the task queue. Its token is encrypted. */
interface MailTask extends Omit<Mail, 'token' | 'mailId'> {
  sealedToken: string | null;
}

const QUEUE = 'account_mail';
/** Space id of tasks that belong to no space. */
const NO_SPACE = '_';

/** Queues and sends the account mails that identity requests. */
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
  async enqueue(
    { mailId, token, ...mail }: Mail,
    { trx, principal }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof sendAccountMail>> {
    if (principal.type !== 'service' || principal.id !== 'identity')
      throw permissionDenied('Account mails can be sent by the identity service only.');
    await this.database.setSpaces(trx, [NO_SPACE]);
    const sealedToken = token === null ? null : await this.secrets.seal(trx, sealedFieldOf(mailId), token);
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
    const mailFields = { mailId: task.id, kind: mail.kind };
    if (new Date(expiresAt) <= new Date()) return;
    if (!this.mailer.isOn)
      return this.logger.warn(
        mailFields,
        'Account mail dropped: SMTP is not configured, set SMTP_URL of notifications',
      );
    const token = sealedToken === null ? null : await this.revealToken(task.id, sealedToken);
    try {
      const { PUBLIC_URL, LINK_BASE_URL } = this.config;
      await this.mailer.send(task.id, to, composeMail({ ...mail, token }, PUBLIC_URL ?? LINK_BASE_URL));
    } catch (error) {
      // The server's reply may contain the address, so only its code is reported.
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      throw new RetryableError(
        `The SMTP server did not accept the mail: ${responseCode ?? code ?? 'no answer'}.`,
      );
    }
  }

  private async revealToken(id: string, sealed: string): Promise<string> {
    const opened = await this.database.withSpaces([NO_SPACE], (trx) =>
      this.secrets.open(trx, sealedFieldOf(id), sealed),
    );
    return opened.reveal();
  }
}

function sealedFieldOf(id: string) {
  return { spaceId: NO_SPACE, table: 'task', row: id, column: 'token' };
}
