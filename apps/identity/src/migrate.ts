import { runMigrations } from '@parley/service';
import * as identity from './migrations/0001-identity.ts';

await runMigrations({ domain: 'identity', migrations: { '0001-identity': identity } });
