import { Module } from '@nestjs/common';
import { AccountMailsHandler } from './account-mails/account-mails.handler.ts';
import { Mailer } from './account-mails/mailer.ts';
import { HandoffsConsumer } from './inbox/handoffs.consumer.ts';
import { InboxHandler } from './inbox/inbox.handler.ts';
import { InboxRepository } from './inbox/inbox.repository.ts';
import { MailLimitsRepository } from './limits/mail-limits.repository.ts';
import { MailLimitsService } from './limits/mail-limits.service.ts';
import { MediaService } from './media/media.service.ts';
import { MembersConsumer } from './rules/members.consumer.ts';
import { RulesHandler } from './rules/rules.handler.ts';
import { RulesRepository } from './rules/rules.repository.ts';

@Module({
  controllers: [AccountMailsHandler, HandoffsConsumer, InboxHandler, MembersConsumer, RulesHandler],
  providers: [
    InboxRepository,
    Mailer,
    MailLimitsRepository,
    MailLimitsService,
    MediaService,
    RulesRepository,
  ],
})
export class AppModule {}
