import { runService } from '@parley/service';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';

await runService({ name: 'flow-engine', domain: 'flow', module: AppModule, config: configSchema });
