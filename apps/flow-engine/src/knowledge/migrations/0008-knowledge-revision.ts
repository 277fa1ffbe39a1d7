import { definerFunction } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/**
 * A number that changes with every document of a knowledge base that comes, goes or is indexed anew: what a process keeps
 * of the index counts as long as it stays the same. A trigger, so that pods of the version before count too while they
 * still run. Deferred to the commit, so that a long transaction does not hold the row.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE knowledge_base ADD COLUMN revision bigint NOT NULL DEFAULT 0`.execute(db);
  await definerFunction(db, {
    name: 'revise_knowledge_base',
    args: '',
    returns: 'trigger',
    language: 'plpgsql',
    callers: [],
    body: `
BEGIN
  IF (TG_OP <> 'INSERT' AND OLD.status = 'ready') OR (TG_OP <> 'DELETE' AND NEW.status = 'ready') THEN
    UPDATE knowledge_base SET revision = revision + 1
    WHERE space_id = coalesce(NEW.space_id, OLD.space_id) AND id = coalesce(NEW.knowledge_base_id, OLD.knowledge_base_id);
  END IF;
  RETURN NULL;
END`,
  });
  await sql`
    CREATE CONSTRAINT TRIGGER revise_knowledge_base AFTER INSERT OR UPDATE OR DELETE ON document
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revise_knowledge_base()`.execute(db);
}
