import { Module } from '@nestjs/common';
import { ClientAddresses, CONFIG } from '@parley/service';
import { ChannelDirectory } from './channels/channel-directory.service.ts';
import { ChannelsHandler } from './channels/channels.handler.ts';
import { ChannelsRepository } from './channels/channels.repository.ts';
import { KeyRenewal } from './channels/key-renewal.service.ts';
import { ChannelsService } from './channels/channels.service.ts';
import { LostTargets } from './channels/lost-targets.service.ts';
import { OutcomesHandler } from './channels/outcomes.handler.ts';
import { ReferencesHandler } from './channels/references.handler.ts';
import { TargetFinder } from './channels/target-finder.service.ts';
import { TargetsConsumer } from './channels/targets.consumer.ts';
import { TargetsHandler } from './channels/targets.handler.ts';
import { ConnectionsConsumer } from './connections/connections.consumer.ts';
import { ConnectionsRepository } from './connections/connections.repository.ts';
import { ConnectionsService } from './connections/connections.service.ts';
import { ConnectorService } from './connections/connector.service.ts';
import { NumbersHandler } from './connections/numbers.handler.ts';
import { PhoneReferences } from './connections/phone-references.service.ts';
import { DeliveriesConsumer } from './deliveries/deliveries.consumer.ts';
import { DeliveriesHandler } from './deliveries/deliveries.handler.ts';
import { DeliveriesRepository } from './deliveries/deliveries.repository.ts';
import { DeliveriesService } from './deliveries/deliveries.service.ts';
import { DialerService } from './dials/dialer.service.ts';
import { DialsConsumer } from './dials/dials.consumer.ts';
import { DialsHandler } from './dials/dials.handler.ts';
import { DialsRepository } from './dials/dials.repository.ts';
import { FlowSessionsHandler } from './flow-sessions/flow-sessions.handler.ts';
import { FlowSessionsService } from './flow-sessions/flow-sessions.service.ts';
import { SessionTokensRepository } from './flow-sessions/session-tokens.repository.ts';
import type { GatewayConfig } from './config.ts';
import { AuthService } from './http/auth.service.ts';
import { OperationRoutes } from './http/operations.routes.ts';
import { PageRoutes } from './http/pages.routes.ts';
import { RateLimits } from './http/rate-limits.service.ts';
import { SpaceLimits } from './http/space-limits.ts';
import { MediaStreamsHandler } from './phone/media-streams.handler.ts';
import { TwilioRoutes } from './phone/twilio.routes.ts';
import { ReferenceRoutes } from './reference/reference.routes.ts';
import { AccessFeed } from './sockets/access-feed.ts';
import { BridgeAdapter } from './sockets/bridge.adapter.ts';
import { ConversationFeed } from './sockets/conversation-feed.ts';
import { InboxFeed } from './sockets/inbox-feed.ts';
import { RealtimeSocket } from './sockets/realtime.socket.ts';
import { LiveKitRoutes } from './webhooks/livekit.routes.ts';
import { InboundAttachments } from './webhooks/inbound-attachments.service.ts';
import { WebhooksRoutes } from './webhooks/webhooks.routes.ts';
import { VoiceAccess } from './widget/voice-access.service.ts';
import { WidgetRoutes } from './widget/widget.routes.ts';

@Module({
  controllers: [
    ChannelsHandler,
    ConnectionsConsumer,
    DeliveriesConsumer,
    DeliveriesHandler,
    DialsConsumer,
    DialsHandler,
    FlowSessionsHandler,
    MediaStreamsHandler,
    NumbersHandler,
    OutcomesHandler,
    ReferencesHandler,
    TargetsConsumer,
    TargetsHandler,
  ],
  providers: [
    AccessFeed,
    AuthService,
    BridgeAdapter,
    ChannelDirectory,
    ChannelsRepository,
    ChannelsService,
    KeyRenewal,
    {
      provide: ClientAddresses,
      useFactory: ({ TRUSTED_PROXIES }: GatewayConfig) => new ClientAddresses(TRUSTED_PROXIES),
      inject: [CONFIG],
    },
    ConnectionsRepository,
    ConnectionsService,
    ConnectorService,
    ConversationFeed,
    DeliveriesRepository,
    DeliveriesService,
    DialerService,
    DialsRepository,
    FlowSessionsService,
    InboundAttachments,
    InboxFeed,
    LiveKitRoutes,
    LostTargets,
    OperationRoutes,
    PageRoutes,
    PhoneReferences,
    RateLimits,
    RealtimeSocket,
    ReferenceRoutes,
    SessionTokensRepository,
    SpaceLimits,
    TargetFinder,
    TwilioRoutes,
    VoiceAccess,
    WebhooksRoutes,
    WidgetRoutes,
  ],
})
export class AppModule {}
