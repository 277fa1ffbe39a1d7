import { runService } from '@parley/service';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';

await runService({ name: 'notifications', domain: 'notification', module: AppModule, config: configSchema });
