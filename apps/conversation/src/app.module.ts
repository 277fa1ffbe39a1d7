import { Module } from '@nestjs/common';
import { ContactsHandler } from './contacts/contacts.handler.ts';
import { ContactsRepository } from './contacts/contacts.repository.ts';
import { ConversationsHandler } from './conversations/conversations.handler.ts';
import { ConversationsRepository } from './conversations/conversations.repository.ts';
import { OpeningService } from './conversations/opening.service.ts';
import { ParticipantsHandler } from './conversations/participants.handler.ts';
import { ParticipantsService } from './conversations/participants.service.ts';
import { RoomsHandler } from './conversations/rooms.handler.ts';
import { TimelinesRepository } from './conversations/timelines.repository.ts';
import { TimelinesService } from './conversations/timelines.service.ts';
import { ViewsService } from './conversations/views.service.ts';
import { DirectoryConsumer } from './directory/directory.consumer.ts';
import { DirectoryRepository } from './directory/directory.repository.ts';
import { DeliveredConsumer } from './messages/delivered.consumer.ts';
import { InboundConsumer } from './messages/inbound.consumer.ts';
import { InboundService } from './messages/inbound.service.ts';
import { MessagesHandler } from './messages/messages.handler.ts';
import { MessagesRepository } from './messages/messages.repository.ts';
import { PostingService } from './messages/posting.service.ts';
import { ProducedConsumer } from './messages/produced.consumer.ts';

@Module({
  controllers: [
    ContactsHandler,
    ConversationsHandler,
    DeliveredConsumer,
    DirectoryConsumer,
    InboundConsumer,
    MessagesHandler,
    ParticipantsHandler,
    ProducedConsumer,
    RoomsHandler,
  ],
  providers: [
    ContactsRepository,
    ConversationsRepository,
    DirectoryRepository,
    InboundService,
    MessagesRepository,
    OpeningService,
    ParticipantsService,
    PostingService,
    TimelinesRepository,
    TimelinesService,
    ViewsService,
  ],
})
export class AppModule {}
