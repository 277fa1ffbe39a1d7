import * as notifications from './0001-notifications.ts';
import * as mailLimits from './0002-mail-limits.ts';

export const migrations = {
  '0001-notifications': notifications,
  '0002-mail-limits': mailLimits,
};
