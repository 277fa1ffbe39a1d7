import { runMigrations } from '@parley/service';
import * as conversations from './migrations/0001-conversations.ts';

await runMigrations({
  domain: 'conversation',
  migrations: { '0001-conversations': conversations },
  eventRetention: 'service',
});
