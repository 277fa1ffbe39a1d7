import { runMigrations } from '@parley/service';
import { migrations } from './migrations/index.ts';

await runMigrations({ domain: 'notification', migrations });
