import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase, type Database, migrate } from '@parley/database';
import pg from 'pg';
import { KnowledgeLibrary } from '../../../../apps/flow-engine/src/knowledge/knowledge.library.ts';
import type { KnowledgeTables } from '../../../../apps/flow-engine/src/knowledge/knowledge.table.ts';
import { migrations } from '../../../../apps/flow-engine/src/knowledge/migrations/index.ts';
import { digestOf } from '../../../../apps/flow-engine/src/knowledge/reading/digest.ts';
import type { Outcome } from '../f1.ts';
import type { Installation } from '../installation.ts';
import { quantile } from '../numbers.ts';
import type { Row } from '../table.ts';
import { type CorpusDocument, type CorpusQuestion, documents, questions } from './corpus.ts';

/** How large the knowledge bases are, and how many questions each is asked. */
export interface RetrievalProfile {
  passages: readonly number[];
  questions: number;
}

const GOAL_MS = 5;
const DOMAIN = 'knowledge_bench';
const SPACE = 'space_knowledgebench';
/** Documents that are read at once. */
const AT_ONCE = 3;
/** Questions that are asked each after a change of the knowledge base. */
const CHANGES = 20;
/** Passages of the knowledge base that the first questions are asked of. */
const WARM_UP_PASSAGES = 200;
/** Questions before the clock starts: they compile the code and prepare the statements, and are asked of another base. */
const WARM_UP = 60;

/** What a question took, in milliseconds. */
interface Cost {
  /** Processor time of this process. */
  engine: number;
  /** Processor time of the connection's server process. */
  server: number;
  /** From the question to the answer. */
  elapsed: number;
}

/** The knowledge base in this process, as flow-engine has it, on one connection. */
class RetrievalBench {
  private readonly database: Database<KnowledgeTables>;
  private readonly library: KnowledgeLibrary;
  private readonly owner: pg.Client;
  private readonly pid: number;

  private constructor(database: Database<KnowledgeTables>, owner: pg.Client, pid: number) {
    this.database = database;
    this.library = new KnowledgeLibrary(database);
    this.owner = owner;
    this.pid = pid;
  }

  static async open(ownerUrl: string): Promise<RetrievalBench> {
    const serviceUrl = withRole(ownerUrl, `parley_${DOMAIN}`);
    const runnerUrl = withRole(ownerUrl, `parley_${DOMAIN}_runner`);
    await migrate({ ownerUrl, serviceUrl, runnerUrl, domain: DOMAIN, migrations: [migrations] });
    const database = createDatabase<KnowledgeTables>({
      ...{ url: serviceUrl, applicationName: DOMAIN, poolSize: 1 },
    });
    await database.ping();
    const owner = new pg.Client({ connectionString: ownerUrl });
    await owner.connect();
    const { rows } = await owner.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE application_name = $1',
      [DOMAIN],
    );
    return new RetrievalBench(database, owner, rows[0]?.pid ?? 0);
  }

  /** Makes a knowledge base and reads documents into it. */
  async fill(all: readonly CorpusDocument[]): Promise<string> {
    const base = await this.database.withSpaces([SPACE], (trx) =>
      this.library.createBase(trx, { spaceId: SPACE, name: `Bench ${all.length}` }),
    );
    const queue = all.values();
    const read = async (): Promise<void> => {
      for (const document of queue) await this.add(base.id, document);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, read));
    return base.id;
  }

  private async add(knowledgeBaseId: string, { title, text }: CorpusDocument): Promise<void> {
    const request = { spaceId: SPACE, knowledgeBaseId, title, mediaType: 'text/markdown', text };
    const digest = await digestOf(text);
    const { id } = await this.database.withSpaces([SPACE], (trx) =>
      this.library.addDocument(trx, request, digest),
    );
    await this.library.ingest({ spaceId: SPACE, documentId: id });
  }

  /** Changes the knowledge base, so that nothing that was kept of it counts any more. */
  async change(knowledgeBaseId: string): Promise<void> {
    const document = { title: `Note ${Date.now()}`, text: 'A short note.', passages: 1 };
    await this.add(knowledgeBaseId, document);
  }

  async ask(knowledgeBaseId: string, asked: CorpusQuestion): Promise<Cost> {
    const before = this.serverTime();
    const started = performance.now();
    const usage = process.cpuUsage();
    await this.library.answer({ spaceId: SPACE, knowledgeBaseIds: [knowledgeBaseId], ...asked });
    const { user, system } = process.cpuUsage(usage);
    const elapsed = performance.now() - started;
    return { engine: (user + system) / 1000, server: this.serverTime() - before, elapsed };
  }

  /** Processor time of the server process until now, in ms: the scheduler of Linux counts it in ns. */
  private serverTime(): number {
    const file = `/proc/${this.pid}/schedstat`;
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6 : Number.NaN;
  }

  async analyse(): Promise<void> {
    const tables = ['document', 'passage', 'posting', 'word'].map((table) => `${DOMAIN}.${table}`);
    await this.owner.query(`ANALYZE ${tables.join(', ')}`);
  }

  async close(): Promise<void> {
    await this.library.close();
    await this.database.close();
    await this.owner.end();
  }
}

const docsFolder = fileURLToPath(new URL('../../../../docs', import.meta.url));
const HEADING = /^#{1,3} (.+)$/gmu;

/** The guides, which the demo agent answers from. */
function documentation(): CorpusDocument[] {
  return readdirSync(docsFolder)
    .filter((name) => name.endsWith('.md') && name !== 'index.md')
    .map((name) => {
      const text = readFileSync(join(docsFolder, name), 'utf8');
      return { title: /^# (.+)$/mu.exec(text)?.[1] ?? name, text, passages: 0 };
    });
}

/** Questions that the headings of documents are the tasks of. */
function taskQuestions(all: readonly CorpusDocument[]): CorpusQuestion[] {
  const headings = all.flatMap(({ text }) => [...text.matchAll(HEADING)].map(([, heading = '']) => heading));
  return [...new Set(headings)].map((heading) => ({
    question: `How do I ${heading.charAt(0).toLowerCase()}${heading.slice(1)}?`,
    turns: [],
  }));
}

function withRole(url: string, role: string): string {
  const changed = new URL(url);
  changed.username = role;
  changed.password = 'bench';
  return changed.href;
}

/**
 * Processor time that a knowledge answer without a model takes in PostgreSQL and in flow-engine: questions of knowledge
 * bases of generated text, one after another, through the code that answers an agent's questions.
 */
export async function measureRetrieval(
  installation: Installation,
  profile: RetrievalProfile,
): Promise<Outcome> {
  const { databaseUrl } = installation.demo;
  const bench = await RetrievalBench.open(databaseUrl);
  try {
    const small = [...documents(WARM_UP_PASSAGES)];
    const warm = await bench.fill(small);
    for (const one of questions(small, WARM_UP)) await bench.ask(warm, one);
    const docs = documentation();
    const corpora: { name: string; all: readonly CorpusDocument[]; asked: readonly CorpusQuestion[] }[] = [
      { name: 'documentation', all: docs, asked: taskQuestions(docs) },
    ];
    for (const passages of profile.passages) {
      const all = [...documents(passages)];
      const name = `${passages.toLocaleString('en')} passages`;
      corpora.push({ name, all, asked: questions(all, profile.questions) });
    }
    const rows: Row[] = [];
    const raw: Record<string, Cost[]> = {};
    for (const corpus of corpora) {
      const base = await bench.fill(corpus.all);
      await bench.analyse();
      for (const [kind, costs] of Object.entries(await askAll(bench, base, corpus.asked))) {
        raw[`${corpus.name} ${kind}`] = costs;
        rows.push(...rowsOf(`${corpus.name}, ${kind}`, costs));
      }
    }
    return { rows, refused: null, raw };
  } finally {
    await bench.close();
  }
}

async function askAll(
  bench: RetrievalBench,
  base: string,
  all: readonly CorpusQuestion[],
): Promise<Record<string, Cost[]>> {
  const costs: Record<string, Cost[]> = {
    'new questions': [],
    'repeated questions': [],
    'after a change': [],
  };
  for (const kind of ['new questions', 'repeated questions'])
    for (const one of all) costs[kind]?.push(await bench.ask(base, one));
  for (const one of all.slice(0, CHANGES)) {
    await bench.change(base);
    costs['after a change']?.push(await bench.ask(base, one));
  }
  return costs;
}

function rowsOf(kind: string, costs: readonly Cost[]): Row[] {
  const row = (name: string, of: (cost: Cost) => number): Row => {
    const values = costs.map(of);
    const [middle, slow] = [quantile(values, 0.5), quantile(values, 0.99)];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      figure: `${kind}: ${name}`,
      floor: '-',
      ours: `mean ${mean.toFixed(2)} ms, p50 ${middle.toFixed(2)} ms, p99 ${slow.toFixed(2)} ms`,
      ratio: '-',
      goal: name === 'elapsed' ? '-' : `mean <= ${GOAL_MS} ms`,
      met: name === 'elapsed' ? '-' : mean <= GOAL_MS ? 'yes' : 'no',
    };
  };
  return [
    row('PostgreSQL', ({ server }) => server),
    row('flow-engine', ({ engine }) => engine),
    row('elapsed', ({ elapsed }) => elapsed),
  ];
}
