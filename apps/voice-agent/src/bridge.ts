import { runService } from '@parley/service';
import { FlowSocket } from './bridge/flow.socket.ts';
import { BridgeModule } from './bridge.module.ts';
import { bridgeConfig } from './config.ts';

await runService({
  name: 'voice-agent',
  process: 'audio-bridge',
  domain: 'voice',
  module: BridgeModule,
  config: bridgeConfig,
  readyWithout: ['postgresql', 'outbox'],
  http: { configure: (app) => app.get(FlowSocket).attach(app.getHttpServer()) },
});
