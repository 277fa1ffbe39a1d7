import * as notifications from './0001-notifications.ts';
import * as mailLimits from './0002-mail-limits.ts';
import * as notificationSources from './0003-notification-sources.ts';

export const migrations = {
  '0001-notifications': notifications,
  '0002-mail-limits': mailLimits,
  '0003-notification-sources': notificationSources,
};
