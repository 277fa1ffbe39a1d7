import { runService } from '@parley/service';
import { workerConfig } from './config.ts';
import { DRAIN_MS } from './worker/agent-worker.ts';
import { WorkerModule } from './worker.module.ts';

// Running calls are waited for: more than a service that only answers needs.
await runService({
  name: 'voice-agent',
  domain: 'voice',
  module: WorkerModule,
  config: workerConfig,
  shutdownMs: DRAIN_MS + 25_000,
});
