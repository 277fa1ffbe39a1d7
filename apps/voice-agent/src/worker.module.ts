import { Module } from '@nestjs/common';

/** The LiveKit Agents worker: one call, one job. */
@Module({ providers: [] })
export class WorkerModule {}
