import type { PageRequest } from '@parley/contracts';
import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { FlowTrx } from '../database.ts';
import type { Responder } from './turn.ts';
import type { NewRunRow, RunRow, RunStepRow, RunStatus } from './run.table.ts';

/** Where a run lives: a responder has one live run in a conversation. */
export interface RunKey {
  spaceId: string;
  conversationId: string;
  responderId: string;
}

/** A conversation in which there are runs. */
export type RunPlace = Pick<RunKey, 'spaceId' | 'conversationId'>;

/** A live run with what tells whether it has changed since. */
export type LiveRunRow = RunRow & { revision: string };

export interface NewStep {
  spaceId: string;
  runId: string;
  no: number;
  stepId: string;
  type: string;
  input: unknown;
  output: unknown;
  startedAt: Date;
  durationMs: number;
}

@Injectable()
export class RunsRepository {
  /**
   * Serialises whoever changes the runs of these conversations and writes their events, so that event ids rise with their
   * order: held until the transaction ends.
   */
  async lockConversations(trx: FlowTrx, conversationIds: Iterable<string>): Promise<void> {
    const sorted = [...new Set(conversationIds)].sort();
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest(${sorted}::text[]) AS given (id)`.execute(
      trx,
    );
  }

  /** The live runs of responders in conversations; a responder has one at most. */
  async findLive(trx: FlowTrx, keys: readonly RunKey[]): Promise<LiveRunRow[]> {
    const { rows } = await sql<LiveRunRow>`
      SELECT run.*, run.xmin::text AS revision FROM run
      JOIN unnest(
        ${keys.map((key) => key.spaceId)}::text[], ${keys.map((key) => key.conversationId)}::text[],
        ${keys.map((key) => key.responderId)}::text[]
      ) AS given (space_id, conversation_id, responder_id) USING (space_id, conversation_id, responder_id)
      WHERE run.status IN ('running', 'waiting', 'handed_off')`.execute(trx);
    return rows;
  }

  /** Who has a live run in these conversations. */
  async respondersIn(
    trx: FlowTrx,
    conversationIds: readonly string[],
  ): Promise<{ spaceId: string; conversationId: string; responder: Responder }[]> {
    const rows = await trx
      .selectFrom('run')
      .select(['space_id', 'conversation_id', 'responder_id', 'agent_id'])
      .where('conversation_id', 'in', [...new Set(conversationIds)])
      .where('status', 'in', ['running', 'waiting', 'handed_off'])
      .orderBy('id')
      .execute();
    return rows.map((row) => ({
      spaceId: row.space_id,
      conversationId: row.conversation_id,
      responder: { agentId: row.agent_id, flowId: row.agent_id === null ? row.responder_id : null },
    }));
  }

  /** Whether a run is still as it was read; asked under the lock of its conversation. */
  async isCurrent(trx: FlowTrx, run: { spaceId: string; id: string; revision: string }): Promise<boolean> {
    const { rows } = await sql`
      SELECT FROM run WHERE space_id = ${run.spaceId} AND id = ${run.id} AND xmin::text = ${run.revision}`.execute(
      trx,
    );
    return rows.length === 1;
  }

  /** Saves runs, new ones and known ones alike. */
  async saveMany(trx: FlowTrx, rows: readonly NewRunRow[]): Promise<void> {
    if (rows.length === 0) return;
    const column = <Key extends keyof NewRunRow>(key: Key): NewRunRow[Key][] => rows.map((row) => row[key]);
    await sql`
      INSERT INTO run (
        space_id, id, conversation_id, responder_id, flow_id, agent_id, version_number, status, step_id, step_state, variables, history, next_no)
      SELECT * FROM unnest(
        ${column('space_id')}::text[], ${column('id')}::text[], ${column('conversation_id')}::text[], ${column('responder_id')}::text[],
        ${column('flow_id')}::text[], ${column('agent_id')}::text[], ${column('version_number')}::int[], ${column('status')}::text[],
        ${column('step_id')}::text[], ${column('step_state')}::jsonb[], ${column('variables')}::jsonb[], ${column('history')}::jsonb[],
        ${column('next_no')}::int[])
      ON CONFLICT (space_id, id) DO UPDATE SET
        status = excluded.status, step_id = excluded.step_id, step_state = excluded.step_state, variables = excluded.variables,
        history = excluded.history, next_no = excluded.next_no, updated_at = now()`.execute(trx);
  }

  /** Writes lines of traces. */
  async insertSteps(trx: FlowTrx, steps: readonly NewStep[]): Promise<void> {
    if (steps.length === 0) return;
    const column = <Key extends keyof NewStep>(key: Key): NewStep[Key][] => steps.map((step) => step[key]);
    await sql`
      INSERT INTO run_step (space_id, run_id, no, step_id, type, input, output, started_at, duration_ms)
      SELECT * FROM unnest(
        ${column('spaceId')}::text[], ${column('runId')}::text[], ${column('no')}::int[], ${column('stepId')}::text[], ${column('type')}::text[],
        ${steps.map(({ input }) => JSON.stringify(input))}::jsonb[], ${steps.map(({ output }) => JSON.stringify(output))}::jsonb[],
        ${column('startedAt')}::timestamptz[], ${column('durationMs')}::int[])`.execute(trx);
  }

  /** Takes back the turns of a conversation that wait; one at work loses its right to settle. */
  async dropTurns(trx: FlowTrx, queue: string, { spaceId, conversationId }: RunPlace): Promise<void> {
    await sql`
      DELETE FROM task WHERE queue = ${queue} AND space_id = ${spaceId} AND starts_with(key, ${`${conversationId}:`})`.execute(
      trx,
    );
  }

  /** Ends the live runs of a conversation; answers them. */
  async cancel(trx: FlowTrx, { spaceId, conversationId }: RunPlace): Promise<RunRow[]> {
    return trx
      .updateTable('run')
      .set({ status: 'cancelled', updated_at: new Date() })
      .where('space_id', '=', spaceId)
      .where('conversation_id', '=', conversationId)
      .where('status', 'in', ['running', 'waiting', 'handed_off'])
      .returningAll()
      .execute();
  }

  /** Takes everything that was said out of the runs of a conversation: variables, histories and traces. */
  async forget(trx: FlowTrx, { spaceId, conversationId }: RunPlace): Promise<void> {
    await sql`
      DELETE FROM run_step USING run
      WHERE run.space_id = ${spaceId} AND run.conversation_id = ${conversationId}
        AND run_step.space_id = run.space_id AND run_step.run_id = run.id`.execute(trx);
    await trx
      .updateTable('run')
      .set({ step_state: '{}', variables: '{}', history: '[]' })
      .where('space_id', '=', spaceId)
      .where('conversation_id', '=', conversationId)
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
      /** Conversations whose runs are left out. */
      hidden: readonly string[];
    },
    page: PageRequest,
  ): Promise<RunRow[]> {
    let query = trx.selectFrom('run').selectAll().where('space_id', '=', where.spaceId);
    if (where.flowId) query = query.where('flow_id', '=', where.flowId);
    if (where.conversationId) query = query.where('conversation_id', '=', where.conversationId);
    if (where.status) query = query.where('status', '=', where.status);
    if (where.hidden.length > 0)
      query = query.where(sql<boolean>`conversation_id <> ALL (${[...where.hidden]}::text[])`);
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
