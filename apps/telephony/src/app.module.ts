import { Module } from '@nestjs/common';
import { CallsHandler } from './calls/calls.handler.ts';
import { CallsRepository } from './calls/calls.repository.ts';
import { CallsService } from './calls/calls.service.ts';
import { ErasureConsumer } from './calls/erasure.consumer.ts';
import { ErasureRepository } from './calls/erasure.repository.ts';
import { ConversationOpeningService } from './calls/conversation-opening.service.ts';
import { JobsHandler } from './calls/jobs.handler.ts';
import { MissedCallsConsumer } from './calls/missed-calls.consumer.ts';
import { ProviderStatusHandler } from './calls/provider-status.handler.ts';
import { ChannelsConsumer } from './channels/channels.consumer.ts';
import { ChannelsRepository } from './channels/channels.repository.ts';
import { DialsConsumer } from './dials/dials.consumer.ts';
import { DialsHandler } from './dials/dials.handler.ts';
import { JobWatchService } from './jobs/job-watch.service.ts';
import { PhoneNumbersHandler } from './numbers/phone-numbers.handler.ts';
import { PhoneNumbersRepository } from './numbers/phone-numbers.repository.ts';
import { PolicyService } from './recordings/policy.service.ts';
import { RecordingsConsumer } from './recordings/recordings.consumer.ts';
import { RecordingsHandler } from './recordings/recordings.handler.ts';
import { RecordingsRepository } from './recordings/recordings.repository.ts';
import { RecordingsService } from './recordings/recordings.service.ts';
import { CallersService } from './rooms/callers.service.ts';
import { LiveKitAdapter } from './rooms/livekit.adapter.ts';
import { ReconcilerService } from './rooms/reconciler.service.ts';
import { RoomsConsumer } from './rooms/rooms.consumer.ts';
import { WebhooksHandler } from './rooms/webhooks.handler.ts';
import { TurnsConsumer } from './timeline/turns.consumer.ts';
import { TurnsRepository } from './timeline/turns.repository.ts';

@Module({
  controllers: [
    CallsHandler,
    ChannelsConsumer,
    DialsConsumer,
    DialsHandler,
    ErasureConsumer,
    JobsHandler,
    MissedCallsConsumer,
    PhoneNumbersHandler,
    ProviderStatusHandler,
    RecordingsConsumer,
    RecordingsHandler,
    RoomsConsumer,
    TurnsConsumer,
    WebhooksHandler,
  ],
  providers: [
    CallersService,
    CallsRepository,
    CallsService,
    ChannelsRepository,
    ConversationOpeningService,
    ErasureRepository,
    JobWatchService,
    LiveKitAdapter,
    PhoneNumbersRepository,
    ReconcilerService,
    PolicyService,
    RecordingsRepository,
    RecordingsService,
    TurnsRepository,
  ],
})
export class AppModule {}
