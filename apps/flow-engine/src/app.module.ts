import { Module } from '@nestjs/common';
import { AgentsHandler } from './agents/agents.handler.ts';
import { AgentsRepository } from './agents/agents.repository.ts';
import { AgentsService } from './agents/agents.service.ts';
import { AnswersService } from './answers/answers.service.ts';
import { ModelService } from './answers/model.service.ts';
import { CallProfileService } from './calls/call-profile.service.ts';
import { CallsHandler } from './calls/calls.handler.ts';
import { FlowsHandler } from './flows/flows.handler.ts';
import { FlowVersions } from './flows/flow-versions.service.ts';
import { FlowsRepository } from './flows/flows.repository.ts';
import { FlowsService } from './flows/flows.service.ts';
import { KnowledgeConsumer } from './knowledge/knowledge.consumer.ts';
import { KnowledgeHandler } from './knowledge/knowledge.handler.ts';
import { KnowledgeRepository } from './knowledge/knowledge.repository.ts';
import { KnowledgeService } from './knowledge/knowledge.service.ts';
import { SegmentationService } from './knowledge/segmentation.service.ts';
import { ReferencesRepository } from './references/references.repository.ts';
import { TargetUsers } from './references/target-users.service.ts';
import { RunDeletionService } from './runs/run-deletion.service.ts';
import { RunsConsumer } from './runs/runs.consumer.ts';
import { RunsHandler } from './runs/runs.handler.ts';
import { PrivacyService } from './runs/privacy.service.ts';
import { RunsRepository } from './runs/runs.repository.ts';
import { RunsService } from './runs/runs.service.ts';
import { TurnBatchService } from './runs/turn-batch.service.ts';
import { TrialsHandler } from './trials/trials.handler.ts';
import { TrialsService } from './trials/trials.service.ts';
import { TurnsConsumer } from './runs/turns.consumer.ts';
import { TurnWriter } from './runs/turn-writer.ts';
import { SpacesConsumer } from './spaces/spaces.consumer.ts';
import { SpacesRepository } from './spaces/spaces.repository.ts';

@Module({
  controllers: [
    AgentsHandler,
    CallsHandler,
    FlowsHandler,
    KnowledgeConsumer,
    KnowledgeHandler,
    RunsConsumer,
    RunsHandler,
    SpacesConsumer,
    TrialsHandler,
    TurnsConsumer,
  ],
  providers: [
    AgentsRepository,
    AgentsService,
    AnswersService,
    CallProfileService,
    FlowsRepository,
    FlowVersions,
    FlowsService,
    KnowledgeRepository,
    KnowledgeService,
    SegmentationService,
    ModelService,
    ReferencesRepository,
    PrivacyService,
    RunDeletionService,
    RunsRepository,
    RunsService,
    SpacesRepository,
    TurnBatchService,
    TargetUsers,
    TrialsService,
    TurnWriter,
  ],
})
export class AppModule {}
