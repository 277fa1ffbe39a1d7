import { runMigrations } from '@parley/service';
import * as knowledge from './knowledge/migrations/index.ts';
import * as flows from './migrations/0001-flows.ts';

await runMigrations({ domain: 'flow', migrations: { '0001-flows': flows, ...knowledge.migrations } });
