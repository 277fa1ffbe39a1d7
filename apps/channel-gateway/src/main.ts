import { runService } from '@parley/service';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';
import { openDoor, serverOptions } from './http/door.ts';

await runService({
  name: 'channel-gateway',
  domain: 'channel',
  module: AppModule,
  config: configSchema,
  buckets: ['channels'],
  secretsKey: 'CHANNEL_MASTER_KEY',
  readyWithout: ['postgresql', 'outbox'],
  http: { server: serverOptions, configure: openDoor },
});
