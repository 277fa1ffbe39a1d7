import { runService } from '@parley/service';
import { BridgeModule } from './bridge.module.ts';
import { bridgeConfig } from './config.ts';

await runService({
  name: 'voice-agent',
  domain: 'voice',
  module: BridgeModule,
  config: bridgeConfig,
  http: { configure: () => undefined },
});
