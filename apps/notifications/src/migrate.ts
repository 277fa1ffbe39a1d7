import { runMigrations } from '@parley/service';
import * as notifications from './migrations/0001-notifications.ts';

await runMigrations({ domain: 'notification', migrations: { '0001-notifications': notifications } });
