import { runService } from '@parley/service';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';

await runService({ name: 'conversation', domain: 'conversation', module: AppModule, config: configSchema });
