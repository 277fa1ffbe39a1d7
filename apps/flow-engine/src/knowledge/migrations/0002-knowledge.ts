import { tenantTable } from '@parley/database';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';

const tables = ['knowledge_base', 'document', 'passage', 'posting', 'word'] as const;

async function createDocuments(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE knowledge_base (
      space_id text COLLATE "C" NOT NULL,
      id text COLLATE "C" NOT NULL,
      name text NOT NULL,
      metadata jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id)
    )`.execute(db);
  await sql`
    CREATE TABLE document (
      space_id text COLLATE "C" NOT NULL,
      id text COLLATE "C" NOT NULL,
      knowledge_base_id text COLLATE "C" NOT NULL,
      title text NOT NULL,
      media_type text NOT NULL,
      url text,
      status text NOT NULL CHECK (status IN ('queued', 'ingesting', 'ready', 'failed')),
      reason text,
      sha256 text NOT NULL,
      bytes integer NOT NULL,
      passages integer NOT NULL DEFAULT 0,
      terms integer NOT NULL DEFAULT 0,
      content text,
      metadata jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id),
      FOREIGN KEY (space_id, knowledge_base_id) REFERENCES knowledge_base (space_id, id) ON DELETE CASCADE
    )`.execute(db);
  await sql`CREATE INDEX document_by_knowledge_base ON document (space_id, knowledge_base_id, id)`.execute(
    db,
  );
}

async function createPassages(db: Kysely<unknown>): Promise<void> {
  // lexemes: heading path (weight A), then the text (weight D), with positions.
  // One index alone begins with space_id: without statistics, two that do are a toss-up to the planner.
  await sql`
    CREATE TABLE passage (
      space_id text COLLATE "C" NOT NULL,
      id text COLLATE "C" NOT NULL,
      document_id text COLLATE "C" NOT NULL,
      position integer NOT NULL,
      heading_path text[] NOT NULL,
      text text NOT NULL,
      sentences integer[] NOT NULL,
      lexemes tsvector NOT NULL,
      PRIMARY KEY (space_id, document_id, position),
      UNIQUE (id, space_id),
      FOREIGN KEY (space_id, document_id) REFERENCES document (space_id, id) ON DELETE CASCADE
    )`.execute(db);
}

/**
 * The inverted index: one row for each lexeme of each document, with its frequency in every passage that holds it.
 * Equality on a btree works under row-level security, where a GIN index does not (its operators are not leakproof).
 */
async function createIndex(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE posting (
      space_id text COLLATE "C" NOT NULL,
      knowledge_base_id text COLLATE "C" NOT NULL,
      lexeme text COLLATE "C" NOT NULL,
      document_id text COLLATE "C" NOT NULL,
      title_frequency smallint NOT NULL,
      frequency integer NOT NULL,
      document_length integer NOT NULL,
      positions integer[] NOT NULL,
      heading_frequencies smallint[] NOT NULL,
      body_frequencies smallint[] NOT NULL,
      lengths smallint[] NOT NULL,
      PRIMARY KEY (space_id, knowledge_base_id, lexeme, document_id),
      FOREIGN KEY (space_id, document_id) REFERENCES document (space_id, id) ON DELETE CASCADE
    )`.execute(db);
  // For deletion only: without space_id in front, no search is tempted to scan it while statistics are missing.
  await sql`CREATE INDEX posting_by_document ON posting (document_id)`.execute(db);
  await sql`
    CREATE TABLE word (
      space_id text COLLATE "C" NOT NULL,
      knowledge_base_id text COLLATE "C" NOT NULL,
      word text COLLATE "C" NOT NULL,
      PRIMARY KEY (space_id, knowledge_base_id, word),
      FOREIGN KEY (space_id, knowledge_base_id) REFERENCES knowledge_base (space_id, id) ON DELETE CASCADE
    )`.execute(db);
}

/** Knowledge bases, their documents and passages, and the inverted index over them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createDocuments(db);
  await createPassages(db);
  await createIndex(db);
  for (const table of tables) {
    await tenantTable(db, table);
  }
}
