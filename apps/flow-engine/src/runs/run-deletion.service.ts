import { Injectable } from '@nestjs/common';
import { type EventData, type conversationDeleted, runFinished } from '@parley/contracts';
import { EventLog } from '@parley/messaging';
import type { FlowTrx } from '../database.ts';
import { RunsRepository } from './runs.repository.ts';
import { TURN_QUEUE } from './turn.ts';

const REASON = 'The conversation was deleted.';

/** What becomes of runs when their conversation is deleted: they end, nobody is asked for, and nothing that was said stays. */
@Injectable()
export class RunDeletionService {
  constructor(
    private readonly runs: RunsRepository,
    private readonly events: EventLog,
  ) {}

  /** Ends the runs of a conversation, which is locked. */
  async end(
    trx: FlowTrx,
    spaceId: string,
    { conversationId, audience }: EventData<typeof conversationDeleted>,
  ): Promise<void> {
    await this.runs.dropTurns(trx, TURN_QUEUE, { spaceId, conversationId });
    const ended = await this.runs.cancel(trx, { spaceId, conversationId });
    await this.runs.forget(trx, { spaceId, conversationId });
    await this.events.append(
      trx,
      ended.map(({ id: runId, flow_id: flowId, agent_id: agentId }) => ({
        definition: runFinished,
        spaceId,
        data: {
          ...{ runId, flowId, agentId, conversationId, status: 'cancelled', reason: REASON },
          ...(audience ? { audience } : {}),
        },
      })),
    );
  }
}
