import { runMigrations } from '@parley/service';

await runMigrations({ domain: 'voice', migrations: {} });
