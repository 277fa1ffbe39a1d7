import { runMigrations } from '@parley/service';
import * as channels from './migrations/0001-channels.ts';

await runMigrations({ domain: 'channel', migrations: { '0001-channels': channels } });
