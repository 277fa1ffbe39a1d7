import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { FlowTrx } from '../database.ts';
import type { Page } from '../paging.ts';
import type { NewRunRow, RunRow, RunStepRow, RunStatus } from './run.table.ts';

const LIVE: RunStatus[] = ['running', 'waiting', 'handed_off'];

export interface NewStep {
  stepId: string;
  type: string;
  input: unknown;
  output: unknown;
  startedAt: Date;
  durationMs: number;
}

@Injectable()
export class RunsRepository {
  async findLive(
    trx: FlowTrx,
    where: { spaceId: string; conversationId: string; responderId: string },
  ): Promise<RunRow | undefined> {
    return trx
      .selectFrom('run')
      .selectAll()
      .where('space_id', '=', where.spaceId)
      .where('conversation_id', '=', where.conversationId)
      .where('responder_id', '=', where.responderId)
      .where('status', 'in', LIVE)
      .executeTakeFirst();
  }

  async save(trx: FlowTrx, row: NewRunRow): Promise<void> {
    const { space_id: _space, id: _id, created_at: _created, ...change } = row;
    await trx
      .insertInto('run')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['space_id', 'id']).doUpdateSet({ ...change, updated_at: new Date() }),
      )
      .execute();
  }

  async appendHistory(trx: FlowTrx, row: RunRow, history: string): Promise<void> {
    await trx
      .updateTable('run')
      .set({ history, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .execute();
  }

  async insertSteps(
    trx: FlowTrx,
    run: { spaceId: string; id: string; firstNo: number },
    steps: readonly NewStep[],
  ): Promise<void> {
    if (steps.length === 0) return;
    const rows = steps.map((step, index) => ({
      space_id: run.spaceId,
      run_id: run.id,
      no: run.firstNo + index,
      step_id: step.stepId,
      type: step.type,
      input: JSON.stringify(step.input),
      output: JSON.stringify(step.output),
      started_at: step.startedAt,
      duration_ms: step.durationMs,
      cost: null,
    }));
    await trx.insertInto('run_step').values(rows).execute();
  }

  async find(trx: FlowTrx, spaceId: string, id: string): Promise<RunRow | undefined> {
    return trx
      .selectFrom('run')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async list(
    trx: FlowTrx,
    where: {
      spaceId: string;
      flowId?: string | undefined;
      conversationId?: string | undefined;
      status?: RunStatus | undefined;
    },
    page: Page,
  ): Promise<RunRow[]> {
    let query = trx.selectFrom('run').selectAll().where('space_id', '=', where.spaceId);
    if (where.flowId) query = query.where('flow_id', '=', where.flowId);
    if (where.conversationId) query = query.where('conversation_id', '=', where.conversationId);
    if (where.status) query = query.where('status', '=', where.status);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  async steps(trx: FlowTrx, spaceId: string, runIds: readonly string[]): Promise<RunStepRow[]> {
    if (runIds.length === 0) return [];
    return trx
      .selectFrom('run_step')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('run_id', 'in', [...runIds])
      .orderBy('run_id')
      .orderBy('no')
      .execute();
  }

  /** Serialises whoever writes the events of one conversation's run, so that event ids rise with their order. */
  async lockKey(trx: FlowTrx, key: string): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(trx);
  }
}
