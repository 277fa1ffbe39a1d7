import { Controller } from '@nestjs/common';
import { ProblemError, sendAccountMail, servicePrincipal } from '@parley/contracts';
import { Database } from '@parley/database';
import { OnTask, OperationClient, RetryableError, type Task, type TaskContext } from '@parley/messaging';
import { Logger, SecretBox } from '@parley/service';
import type { Tables } from '../database.ts';
import { MAIL_QUEUE, type MailTask, placeOf } from './account-mails.service.ts';

/** Hands mails to notifications, which sends them. */
@Controller()
export class AccountMailsConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly secrets: SecretBox,
    private readonly operations: OperationClient,
    private readonly logger: Logger,
  ) {}

  @OnTask(MAIL_QUEUE, {
    concurrency: 8,
    maxAttempts: 20,
    timeoutMs: 30_000,
    backoffMs: (attempt) => Math.min(300_000, 500 * 2 ** attempt),
  })
  async send(task: Task<MailTask>, _context: TaskContext<Tables>): Promise<void> {
    const { sealedToken, expiresAt, ...mail } = task.payload;
    if (new Date(expiresAt) <= new Date()) return;
    const token = sealedToken === null ? null : await this.open(task, sealedToken);
    try {
      await this.operations.request(
        sendAccountMail,
        { ...mail, mailId: task.id, token, expiresAt },
        { principal: servicePrincipal('identity'), idempotencyKey: task.id },
      );
    } catch (error) {
      const refused = error instanceof ProblemError && error.status < 500 && error.status !== 429;
      // The payload's detail is not logged: it names the address.
      if (!refused) throw new RetryableError('Notifications did not take the mail.', { cause: error });
      this.logger.error({ mailId: task.id, kind: mail.kind, code: error.code }, 'Account mail refused');
    }
  }

  private async open({ id, spaceId }: Task, sealed: string): Promise<string> {
    const opened = await this.database.withSpaces([spaceId], (trx) =>
      this.secrets.open(trx, placeOf(spaceId, id), sealed),
    );
    return opened.reveal();
  }
}
