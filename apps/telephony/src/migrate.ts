import { runMigrations } from '@parley/service';

await runMigrations({ domain: 'telephony', migrations: {} });
