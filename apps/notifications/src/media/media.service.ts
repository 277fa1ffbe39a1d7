import { Injectable } from '@nestjs/common';
import { InjectConfig } from '@parley/service';
import type { NotificationsConfig } from '../config.ts';
import { EmailMedium } from './email.medium.ts';
import type { NotificationMedium } from './medium.ts';

/** All media with deliveries. The inbox needs none. */
@Injectable()
export class MediaService {
  private readonly media: ReadonlyMap<string, NotificationMedium>;

  constructor(@InjectConfig() config: NotificationsConfig) {
    const all: NotificationMedium[] = [new EmailMedium(config.SMTP_URL, config.MAIL_FROM)];
    this.media = new Map(all.map((medium) => [medium.name, medium]));
  }

  find(name: string): NotificationMedium | undefined {
    return this.media.get(name);
  }
}
