import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { newId, type OperationRequest, type sendAccountMail, tooManyRequests } from '@parley/contracts';
import { Database } from '@parley/database';
import { Tasks } from '@parley/messaging';
import { InjectConfig, SecretBox } from '@parley/service';
import type { IdentityConfig } from '../config.ts';
import type { IdentityTrx, Tables } from '../database.ts';
import { MailsRepository } from './mails.repository.ts';

/** The queue of mails that are decided and not yet handed to notifications. */
export const MAIL_QUEUE = 'account_mail';

/** Account-wide rows and secrets belong to no tenant. */
export const NO_SPACE = '_';

type Mail = Omit<OperationRequest<typeof sendAccountMail>, 'mailId' | 'token' | 'expiresAt'>;

/** A mail as it is kept until it is sent: its token only sealed. */
export interface MailTask extends Mail {
  sealedToken: string | null;
  expiresAt: string;
}

/** Mails of one kind that one address gets within so many hours. */
const PER_ADDRESS: Record<Mail['kind'], { limit: number; hours: number }> = {
  verify_email: { limit: 5, hours: 1 },
  reset_password: { limit: 5, hours: 1 },
  password_changed: { limit: 20, hours: 1 },
  invitation: { limit: 10, hours: 24 },
};

/** Decides mails about accounts in the transaction of their reason; a task hands them to notifications. */
@Injectable()
export class AccountMailsService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly mails: MailsRepository,
    private readonly secrets: SecretBox,
    private readonly tasks: Tasks,
    @InjectConfig() private readonly config: IdentityConfig,
  ) {}

  /**
   * Refuses what would be too many mails to one address.
   * @throws ProblemError 429
   */
  async requireRoom(trx: IdentityTrx, kind: Mail['kind'], email: string): Promise<void> {
    if (await this.hasRoom(trx, kind, email)) return;
    const { limit, hours } = PER_ADDRESS[kind];
    throw tooManyRequests(
      `This address has got ${limit} such mails within ${hours === 1 ? 'an hour' : `${hours} hours`}. Look into its junk folder, or wait.`,
      3600,
    );
  }

  /** Whether one more mail of this kind may go to an address. */
  async hasRoom(trx: IdentityTrx, kind: Mail['kind'], email: string): Promise<boolean> {
    const { limit, hours } = PER_ADDRESS[kind];
    const hash = addressHashOf(email);
    await this.mails.lock(trx, `address ${hash}`);
    return (await this.mails.countTo(trx, hash, kind, hours)) < limit;
  }

  /**
   * Refuses what would be too many invitation mails of a space.
   * @throws ProblemError 429
   */
  async requireRoomOf(trx: IdentityTrx, spaceId: string): Promise<void> {
    await this.mails.lock(trx, `space ${spaceId}`);
    const { hour, day } = await this.mails.countOf(trx, spaceId);
    const { INVITATIONS_PER_HOUR: perHour, INVITATIONS_PER_DAY: perDay } = this.config;
    if (hour >= perHour)
      throw tooManyRequests(`A space sends at most ${perHour} invitations in an hour. Try again later.`, 600);
    if (day >= perDay)
      throw tooManyRequests(`A space sends at most ${perDay} invitations in a day. Try again later.`, 3600);
  }

  /** Writes down a mail to be sent; its token is sealed under the key of its space. */
  async enqueue(
    trx: IdentityTrx,
    mail: Mail,
    of: { token: string | null; expiresAt: Date; spaceId?: string },
  ): Promise<void> {
    const id = newId('mail');
    const { spaceId = NO_SPACE } = of;
    const key = addressHashOf(mail.to.email);
    await this.mails.insert(trx, { id, kind: mail.kind, address_hash: key, space_id: of.spaceId ?? null });
    const sealedToken = of.token === null ? null : await this.seal(trx, spaceId, id, of.token);
    const payload: MailTask = { ...mail, sealedToken, expiresAt: of.expiresAt.toISOString() };
    await this.tasks.enqueue(trx, [{ queue: MAIL_QUEUE, id, key, spaceId, payload }]);
  }

  private async seal(trx: IdentityTrx, spaceId: string, id: string, token: string): Promise<string> {
    const spaces = await this.mails.currentSpaces(trx);
    await this.database.setSpaces(trx, [spaceId]);
    const sealed = await this.secrets.seal(trx, placeOf(spaceId, id), token);
    await this.database.setSpaces(trx, spaces);
    return sealed;
  }
}

/** Where a task's token is sealed for. */
export function placeOf(spaceId: string, id: string) {
  return { spaceId, table: 'task', row: id, column: 'token' };
}

/** Stands for an address where only equality matters. */
export function addressHashOf(email: string): string {
  return createHash('sha256').update(email.toLowerCase()).digest('base64url');
}
