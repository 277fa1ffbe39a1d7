import { Module } from '@nestjs/common';
import { HandoffsConsumer } from './inbox/handoffs.consumer.ts';
import { InboxHandler } from './inbox/inbox.handler.ts';
import { InboxRepository } from './inbox/inbox.repository.ts';
import { MediaService } from './media/media.service.ts';
import { MembersConsumer } from './rules/members.consumer.ts';
import { RulesHandler } from './rules/rules.handler.ts';
import { RulesRepository } from './rules/rules.repository.ts';

@Module({
  controllers: [HandoffsConsumer, InboxHandler, MembersConsumer, RulesHandler],
  providers: [InboxRepository, MediaService, RulesRepository],
})
export class AppModule {}
