import { Injectable } from '@nestjs/common';
import { InjectConfig } from '@parley/service';
import type { NotificationsConfig } from '../config.ts';
import type { NotificationTrx } from '../database.ts';
import { MailLimitsRepository } from './mail-limits.repository.ts';

/** How many e-mails a space may still send: a rule that fires without end floods nobody's mailbox. */
@Injectable()
export class MailLimitsService {
  constructor(
    private readonly counts: MailLimitsRepository,
    @InjectConfig() private readonly config: NotificationsConfig,
  ) {}

  /** Why a mail that was not granted is not sent. */
  get reason(): string {
    const { MAILS_PER_HOUR: hour, MAILS_PER_DAY: day } = this.config;
    return `The space has sent as many e-mails as it may: ${hour} in an hour, ${day} in a day.`;
  }

  /** Counts mails that are about to be written down; answers how many of them are granted. */
  async take(trx: NotificationTrx, spaceId: string, wanted: number): Promise<number> {
    if (wanted === 0) return 0;
    const sent = await this.counts.lock(trx, spaceId);
    const { MAILS_PER_HOUR: perHour, MAILS_PER_DAY: perDay } = this.config;
    const granted = Math.max(0, Math.min(wanted, perHour - sent.hour, perDay - sent.day));
    if (granted > 0) await this.counts.add(trx, spaceId, granted);
    return granted;
  }
}
