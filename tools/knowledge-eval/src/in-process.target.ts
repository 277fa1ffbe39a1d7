import { createDatabase, isRetryable, migrate } from '@parley/database';
import type { Database } from '@parley/database';
import { KnowledgeLibrary } from '../../../apps/flow-engine/src/knowledge/knowledge.library.ts';
import type { KnowledgeTables } from '../../../apps/flow-engine/src/knowledge/knowledge.table.ts';
import { migrations } from '../../../apps/flow-engine/src/knowledge/migrations/index.ts';
import { digestOf } from '../../../apps/flow-engine/src/knowledge/reading/digest.ts';
import type { GivenCitation, Page, Progress, Target } from './evaluation.ts';

/** Schema and roles of its own: the flow engine's are left alone. */
const DOMAIN = 'knowledge_evaluation';
const SPACE = 'space_knowledgeevaluation';
/** Documents that wait while one is read. */
const AHEAD = 4;

const withRole = (url: string, role: string): string => {
  const changed = new URL(url);
  changed.username = role;
  changed.password = 'evaluation';
  return changed.href;
};

const ATTEMPTS = 5;

/**
 * Repeats what PostgreSQL broke off in passing, as the service's tasks do. PostgreSQL ends a connection that is idle
 * within a transaction for more than a second, which happens on a busy machine.
 */
export async function retried<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !isRetryable(error)) throw error;
    }
  }
}

/** The knowledge base in this process, on a PostgreSQL that its owner's URL names. */
export class InProcessTarget implements Target {
  private readonly database: Database<KnowledgeTables>;
  private readonly library: KnowledgeLibrary;
  private readonly knowledgeBaseId: string;
  private readonly running = new Set<Promise<void>>();

  private constructor(
    database: Database<KnowledgeTables>,
    library: KnowledgeLibrary,
    knowledgeBaseId: string,
  ) {
    this.database = database;
    this.library = library;
    this.knowledgeBaseId = knowledgeBaseId;
  }

  static async open(ownerUrl: string): Promise<InProcessTarget> {
    const serviceUrl = withRole(ownerUrl, `parley_${DOMAIN}`);
    await migrate({
      ownerUrl,
      serviceUrl,
      runnerUrl: withRole(ownerUrl, `parley_${DOMAIN}_runner`),
      domain: DOMAIN,
      migrations: [migrations],
    });
    const database = createDatabase<KnowledgeTables>({ url: serviceUrl, applicationName: 'knowledge-eval' });
    const library = new KnowledgeLibrary(database);
    const base = await database.withSpaces([SPACE], (trx) =>
      library.createBase(trx, { spaceId: SPACE, name: 'Evaluation' }),
    );
    return new InProcessTarget(database, library, base.id);
  }

  private get key(): { spaceId: string; knowledgeBaseId: string } {
    return { spaceId: SPACE, knowledgeBaseId: this.knowledgeBaseId };
  }

  async add(page: Page): Promise<void> {
    const request = { ...this.key, ...page };
    const digest = await digestOf(request.text);
    const document = await retried(() =>
      this.database.withSpaces([SPACE], (trx) => this.library.addDocument(trx, request, digest)),
    );
    const reading = retried(() => this.library.ingest({ spaceId: SPACE, documentId: document.id }));
    const tracked = reading.finally(() => this.running.delete(tracked));
    this.running.add(tracked);
    if (this.running.size > AHEAD) {
      await Promise.race(this.running);
    }
  }

  progress(): Promise<Progress> {
    return retried(() => this.database.withSpaces([SPACE], (trx) => this.library.progress(trx, this.key)));
  }

  async ask(question: string): Promise<GivenCitation[] | null> {
    const knowledgeBaseIds = [this.knowledgeBaseId];
    const answer = await retried(() => this.library.answer({ spaceId: SPACE, knowledgeBaseIds, question }));
    if (answer === null) {
      return null;
    }
    return retried(() =>
      this.database.withSpaces([SPACE], (trx) =>
        Promise.all(
          answer.citations.map(async ({ url, quote, passageId }) => ({
            url,
            quote,
            passageText: await this.library.passageText(trx, { spaceId: SPACE, passageId }),
          })),
        ),
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.running);
    await this.database.withSpaces([SPACE], (trx) => this.library.deleteBase(trx, this.key));
    await this.library.close();
    await this.database.close();
  }
}
