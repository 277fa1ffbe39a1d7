import { Injectable } from '@nestjs/common';
import { type Insertable, sql } from 'kysely';
import type { FlowTrx, Tables } from '../database.ts';
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

  /**
   * Saves a run with the steps it has taken, and serialises whoever writes the events of one conversation, so that event
   * ids rise with their order: one statement.
   */
  async save(trx: FlowTrx, row: NewRunRow, steps: readonly NewStep[], firstNo: number): Promise<void> {
    const { space_id: _space, id: _id, created_at: _created, ...change } = row;
    const saved = trx.with('saved', (query) =>
      query
        .insertInto('run')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['space_id', 'id']).doUpdateSet({ ...change, updated_at: new Date() }),
        )
        .returning('id'),
    );
    const written =
      steps.length === 0
        ? saved
        : saved.with('written', (query) =>
            query
              .insertInto('run_step')
              .values(steps.map((step, index) => toStepRow(row, firstNo + index, step)))
              .returning('no'),
          );
    await written
      .selectNoFrom(sql`pg_advisory_xact_lock(hashtextextended(${row.conversation_id}, 0))`.as('locked'))
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
}

function toStepRow(run: NewRunRow, no: number, step: NewStep): Insertable<Tables['run_step']> {
  return {
    space_id: run.space_id,
    run_id: run.id,
    no,
    step_id: step.stepId,
    type: step.type,
    input: JSON.stringify(step.input),
    output: JSON.stringify(step.output),
    started_at: step.startedAt,
    duration_ms: step.durationMs,
    cost: null,
  };
}
