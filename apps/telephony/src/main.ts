import { runService } from '@parley/service';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';

await runService({ name: 'telephony', domain: 'telephony', module: AppModule, config: configSchema });
