import { Module } from '@nestjs/common';
import { AttachmentsService } from './attachments/attachments.service.ts';
import { AddressesConsumer } from './contacts/addresses.consumer.ts';
import { ContactEventsService } from './contacts/contact-events.service.ts';
import { IdentitiesRepository } from './contacts/identities.repository.ts';
import { ContactIdentitiesService } from './contacts/contact-identities.service.ts';
import { SendersService } from './contacts/senders.service.ts';
import { ContactsHandler } from './contacts/contacts.handler.ts';
import { ContactsRepository } from './contacts/contacts.repository.ts';
import { ErasureRepository } from './contacts/erasure.repository.ts';
import { MergingService } from './contacts/merging.service.ts';
import { ConversationsHandler } from './conversations/conversations.handler.ts';
import { ConversationsRepository } from './conversations/conversations.repository.ts';
import { DeletionRepository } from './conversations/deletion.repository.ts';
import { DeletionService } from './conversations/deletion.service.ts';
import { OpeningService } from './conversations/opening.service.ts';
import { ParticipantsHandler } from './conversations/participants.handler.ts';
import { ParticipantsService } from './conversations/participants.service.ts';
import { RoomsHandler } from './conversations/rooms.handler.ts';
import { RoomsRepository } from './conversations/rooms.repository.ts';
import { TimelinesRepository } from './conversations/timelines.repository.ts';
import { TimelinesService } from './conversations/timelines.service.ts';
import { ViewsService } from './conversations/views.service.ts';
import { DirectoryConsumer } from './directory/directory.consumer.ts';
import { DirectoryRepository } from './directory/directory.repository.ts';
import { ReferencesService } from './directory/references.service.ts';
import { SpaceNamesService } from './directory/space-names.service.ts';
import { DeliveredConsumer } from './messages/delivered.consumer.ts';
import { EventViewsService } from './messages/event-views.service.ts';
import { InboundConsumer } from './messages/inbound.consumer.ts';
import { InboundService } from './messages/inbound.service.ts';
import { MessagesHandler } from './messages/messages.handler.ts';
import { MessagesRepository } from './messages/messages.repository.ts';
import { PostingRepository } from './messages/posting.repository.ts';
import { PostingService } from './messages/posting.service.ts';
import { ReactionsHandler } from './messages/reactions.handler.ts';
import { ProducedConsumer } from './messages/produced.consumer.ts';
import { ContactNamesRepository } from './search/contact-names.repository.ts';
import { MessageTermsRepository } from './search/message-terms.repository.ts';
import { SearchHandler } from './search/search.handler.ts';
import { SearchRepository } from './search/search.repository.ts';
import { SearchService } from './search/search.service.ts';
import { SegmentingService } from './search/segmenting.service.ts';
import { CallsConsumer } from './voice/calls.consumer.ts';
import { ChannelOpeningHandler } from './voice/channel-opening.handler.ts';
import { LiveCallsRepository } from './voice/live-calls.repository.ts';
import { SpeechRepository } from './voice/speech.repository.ts';
import { SpeechService } from './voice/speech.service.ts';
import { TranscribedTurnsService } from './voice/transcribed-turns.service.ts';
import { TranscriptsConsumer } from './voice/transcripts.consumer.ts';
import { TranscriptsRepository } from './voice/transcripts.repository.ts';
import { VoiceConsumer } from './voice/voice.consumer.ts';

@Module({
  controllers: [
    AddressesConsumer,
    CallsConsumer,
    ChannelOpeningHandler,
    ContactsHandler,
    ConversationsHandler,
    DeliveredConsumer,
    DirectoryConsumer,
    InboundConsumer,
    MessagesHandler,
    ParticipantsHandler,
    ProducedConsumer,
    ReactionsHandler,
    RoomsHandler,
    SearchHandler,
    TranscriptsConsumer,
    VoiceConsumer,
  ],
  providers: [
    AttachmentsService,
    ContactNamesRepository,
    ContactEventsService,
    ContactsRepository,
    ConversationsRepository,
    DeletionRepository,
    DeletionService,
    DirectoryRepository,
    ErasureRepository,
    EventViewsService,
    IdentitiesRepository,
    InboundService,
    LiveCallsRepository,
    MergingService,
    MessagesRepository,
    MessageTermsRepository,
    ContactIdentitiesService,
    OpeningService,
    ParticipantsService,
    PostingRepository,
    PostingService,
    ReferencesService,
    RoomsRepository,
    SearchRepository,
    SearchService,
    SegmentingService,
    SendersService,
    SpaceNamesService,
    SpeechRepository,
    SpeechService,
    TranscribedTurnsService,
    TimelinesRepository,
    TimelinesService,
    TranscriptsRepository,
    ViewsService,
  ],
})
export class AppModule {}
