import { definerFunction } from '@parley/database';
import type { Kysely } from 'kysely';

/** Active channels whose agent or flow is known to be deleted, in every space. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await definerFunction(db, {
    name: 'lost_targets',
    args: '',
    returns: 'table (space_id text, target jsonb)',
    body: `SELECT DISTINCT c.space_id, c.target FROM channel c
      JOIN target t ON t.space_id = c.space_id AND t.id = coalesce(c.target->>'agentId', c.target->>'flowId')
      WHERE c.status = 'active' AND NOT t.usable LIMIT 500`,
  });
}
