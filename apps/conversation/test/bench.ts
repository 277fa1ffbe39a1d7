import type { INestApplicationContext } from '@nestjs/common';
import {
  type EventData,
  type EventDefinition,
  type EventEnvelope,
  type LiveMessage,
  newId,
  type OperationDefinition,
  type OperationOutput,
  type OperationRequest,
  type Principal,
} from '@parley/contracts';
import { createDatabase, Database } from '@parley/database';
import { EventLog, Leases, LiveBus, OperationClient } from '@parley/messaging';
import { createLogger, Logger } from '@parley/service';
import { handlersOf, createTables, createTestContext, type SpecHandler } from '@parley/service/testing';
import { createTestDatabase } from '@parley/testing';
import { AppModule } from '../src/app.module.ts';
import type { ConversationTrx, Tables } from '../src/database.ts';
import { DirectoryRepository } from '../src/directory/directory.repository.ts';
import { migrations } from '../src/migrations/index.ts';
import { FilesOfBench } from './files.ts';

/** The space of the specs, and one that nobody of it may see. */
export const spaceId = 'space_one';
export const otherSpaceId = 'space_two';

/** A member of a space. */
export function member(accountId = 'acc_ada', name = 'Ada', space = spaceId): Principal {
  return { type: 'account', id: accountId, accountId, name, spaces: { [space]: 'agent' } };
}

export const admin: Principal = { ...member('acc_root', 'Root'), spaces: { [spaceId]: 'admin' } };

/** A visitor of a web channel. */
export function visitor(no: string, channelId = 'chan_web'): Principal {
  return {
    type: 'visitor',
    id: `cont_${no}`,
    contactId: `cont_${no}`,
    visitorId: `vis_${no}`,
    channelId,
    spaces: { [spaceId]: 'visitor' },
  };
}

export const text = (words: string): { type: 'text'; text: string; format: 'plain' }[] => [
  { type: 'text', text: words, format: 'plain' },
];

/** The service without its messaging: its handlers and consumers over a real PostgreSQL. */
export class ConversationBench {
  readonly database: Database<Tables>;
  readonly live: { conversationId: string; news: LiveMessage }[] = [];
  /** What assets has. */
  readonly files: FilesOfBench;
  private readonly app: INestApplicationContext;
  private readonly handlers: ReadonlyMap<string, SpecHandler>;
  private readonly drop: () => Promise<void>;

  constructor(parts: {
    database: Database<Tables>;
    app: INestApplicationContext;
    drop: () => Promise<void>;
    live: { conversationId: string; news: LiveMessage }[];
    files: FilesOfBench;
  }) {
    this.database = parts.database;
    this.app = parts.app;
    this.drop = parts.drop;
    this.live = parts.live;
    this.files = parts.files;
    this.handlers = handlersOf(parts.app, AppModule);
  }

  /** Calls an operation as its server does: input checked, one transaction. */
  async call<Definition extends OperationDefinition>(
    definition: Definition,
    input: OperationRequest<Definition>,
    principal: Principal = member(),
  ): Promise<OperationOutput<Definition>> {
    const handle = this.handlers.get(`operation ${definition.name}`);
    if (!handle) throw new Error(`Nobody handles ${definition.name}.`);
    const checked = definition.input.parse(input);
    const before = await this.handlers.get(`before_operation ${definition.name}`)?.(checked, { principal });
    const spaces = Object.keys(principal.spaces);
    const answer = await this.database.withSpaces(spaces, (trx) =>
      handle(checked, { principal, trx, before, afterCommit: () => undefined }),
    );
    definition.output.parse(answer);
    return answer as OperationOutput<Definition>;
  }

  /** Hands a batch of events to their consumer, in one transaction. */
  async feed<Definition extends EventDefinition>(
    definition: Definition,
    data: readonly EventData<Definition>[],
    space = spaceId,
  ): Promise<void> {
    const events = data.map(
      (one): EventEnvelope => ({
        id: newId('evt'),
        name: definition.name,
        spaceId: space,
        key: definition.key(one),
        sequence: null,
        time: new Date().toISOString(),
        data: definition.data.parse(one),
        traceparent: undefined,
      }),
    );
    await this.database.withSpaces([space], async (trx) =>
      this.handlers.get(`event ${definition.name}`)?.(events, { trx }),
    );
  }

  /** Does a task of a queue, for a space. */
  async perform(queue: string, payload: unknown = {}, space = spaceId): Promise<void> {
    const task = { id: space, key: space, spaceId: space, payload, attempt: 1 };
    const complete = (effect: (trx: ConversationTrx) => Promise<void>) => this.in(effect, space);
    const context = { signal: new AbortController().signal, isLastAttempt: false, complete };
    await this.handlers.get(`task ${queue}`)?.(task, context);
  }

  /** Runs in a transaction of one space. */
  in<Result>(work: (trx: ConversationTrx) => Promise<Result>, space = spaceId): Promise<Result> {
    return this.database.withSpaces([space], work);
  }

  get<Type>(token: new (...parts: never[]) => Type): Type {
    return this.app.get(token as never);
  }

  /** Makes accounts and agents known. */
  async know(...rows: { id: string; name: string; space?: string }[]): Promise<void> {
    for (const { id, name, space = spaceId } of rows) {
      const account_id = id.replace('agent_', 'acc_agent');
      await this.in(
        (trx) => this.get(DirectoryRepository).save(trx, { space_id: space, id, account_id, name }),
        space,
      );
    }
  }

  /** Names and sequences of a conversation's events, in the order in which the relay takes them. */
  async events(
    conversationId: string,
  ): Promise<{ name: string; sequence: number | null; data: Record<string, unknown> }[]> {
    return this.in((trx) =>
      trx
        .selectFrom('event')
        .select(['name', 'sequence', 'data'])
        .where('key', '=', conversationId)
        .orderBy('id')
        .execute(),
    );
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.close();
    await this.drop();
  }
}

/** Opens a bench; close it in afterAll. */
export async function openBench(): Promise<ConversationBench> {
  const server = await createTestDatabase();
  await createTables(server, 'conversation', [migrations]);
  const database = createDatabase<Tables>({
    url: server.urlFor('parley_conversation'),
    applicationName: 'conversation-spec',
    poolSize: 24,
  });
  const live: { conversationId: string; news: LiveMessage }[] = [];
  const bus = {
    publish: (_space: string, conversationId: string, news: LiveMessage) =>
      live.push({ conversationId, news }),
  };
  const wakers = { afterCommit: () => undefined };
  const files = new FilesOfBench();
  const app = await createTestContext(AppModule, [
    [Database, database],
    [OperationClient, files],
    [EventLog, new EventLog(wakers as never)],
    [LiveBus, bus],
    [Leases, { runWhileHeld: () => undefined }],
    [Logger, createLogger({ name: 'conversation-spec', level: 'silent' })],
  ]);
  return new ConversationBench({ database, app, live, files, drop: () => server.drop() });
}
