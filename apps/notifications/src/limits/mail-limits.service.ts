import { Injectable } from '@nestjs/common';
import { InjectConfig } from '@parley/service';
import type { NotificationsConfig } from '../config.ts';
import type { NotificationTrx } from '../database.ts';
import { MailLimitsRepository } from './mail-limits.repository.ts';

/** Limits the e-mails of a space, so that a rule that fires continuously does not flood mailboxes. */
@Injectable()
export class MailLimitsService {
  constructor(
    private readonly repository: MailLimitsRepository,
    @InjectConfig() private readonly config: NotificationsConfig,
  ) {}

  /** The failure reason of mails above the limit. */
  get limitReason(): string {
    const { MAILS_PER_HOUR: hour, MAILS_PER_DAY: day } = this.config;
    return `The space has sent as many e-mails as it may: ${hour} in an hour, ${day} in a day.`;
  }

  /** Reserves mails within the limits. @returns how many of the requested mails may be sent */
  async reserve(trx: NotificationTrx, spaceId: string, requested: number): Promise<number> {
    if (requested === 0) return 0;
    const sent = await this.repository.lockCounts(trx, spaceId);
    const { MAILS_PER_HOUR: perHour, MAILS_PER_DAY: perDay } = this.config;
    const granted = Math.max(0, Math.min(requested, perHour - sent.hour, perDay - sent.day));
    if (granted > 0) await this.repository.addCount(trx, spaceId, granted);
    return granted;
  }
}
