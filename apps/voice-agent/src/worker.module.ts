import { Module } from '@nestjs/common';
import { AgentWorker } from './worker/agent-worker.ts';

/** The LiveKit Agents worker: one call, one job. */
@Module({ providers: [AgentWorker] })
export class WorkerModule {}
