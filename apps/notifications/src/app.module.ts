import { Module } from '@nestjs/common';
import { AccountMailsHandler } from './account-mails/account-mails.handler.ts';
import { Mailer } from './account-mails/mailer.ts';
import { ConversationReader } from './conversations/conversation-reader.service.ts';
import { DeliveriesConsumer } from './inbox/deliveries.consumer.ts';
import { InboxHandler } from './inbox/inbox.handler.ts';
import { InboxRepository } from './inbox/inbox.repository.ts';
import { MailingService } from './inbox/mailing.service.ts';
import { NotifyConsumer } from './inbox/notify.consumer.ts';
import { TriggersConsumer } from './inbox/triggers.consumer.ts';
import { MailLimitsRepository } from './limits/mail-limits.repository.ts';
import { MailLimitsService } from './limits/mail-limits.service.ts';
import { MediaService } from './media/media.service.ts';
import { MembersConsumer } from './rules/members.consumer.ts';
import { RulesHandler } from './rules/rules.handler.ts';
import { RulesRepository } from './rules/rules.repository.ts';
import { RulesService } from './rules/rules.service.ts';

@Module({
  controllers: [
    AccountMailsHandler,
    DeliveriesConsumer,
    InboxHandler,
    MembersConsumer,
    NotifyConsumer,
    RulesHandler,
    TriggersConsumer,
  ],
  providers: [
    ConversationReader,
    InboxRepository,
    Mailer,
    MailLimitsRepository,
    MailLimitsService,
    MailingService,
    MediaService,
    RulesRepository,
    RulesService,
  ],
})
export class AppModule {}
