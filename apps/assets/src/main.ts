import { runService } from '@parley/service';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';

await runService({ name: 'assets', domain: 'asset', module: AppModule, config: configSchema });
