import { runService } from '@parley/service';
import { workerConfig } from './config.ts';
import { WorkerModule } from './worker.module.ts';

await runService({ name: 'voice-agent', domain: 'voice', module: WorkerModule, config: workerConfig });
