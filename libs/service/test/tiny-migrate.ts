import { runMigrations } from '../src/index.ts';

await runMigrations({ domain: 'notification', migrations: {} });
