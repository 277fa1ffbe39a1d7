import { ClientAddresses, CONFIG, runService } from '@parley/service';
import { openBridgeDoor } from './bridge/bridge-door.ts';
import { FlowSocket } from './bridge/flow.socket.ts';
import { MediaSocket } from './bridge/media.socket.ts';
import { BridgeModule } from './bridge.module.ts';
import { type BridgeConfig, bridgeConfig } from './config.ts';

await runService({
  name: 'voice-agent',
  process: 'audio-bridge',
  domain: 'voice',
  module: BridgeModule,
  config: bridgeConfig,
  readyWithout: ['postgresql', 'outbox'],
  http: {
    configure: (app) =>
      openBridgeDoor(
        app.getHttpServer(),
        [app.get(FlowSocket), app.get(MediaSocket)],
        new ClientAddresses(app.get<BridgeConfig>(CONFIG).TRUSTED_PROXIES),
      ),
  },
});
