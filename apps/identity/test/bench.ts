import type { INestApplicationContext } from '@nestjs/common';
import type { OperationDefinition, OperationOutput, OperationRequest, Principal } from '@parley/contracts';
import { createDatabase, Database } from '@parley/database';
import { EventLog, Refusal } from '@parley/messaging';
import { CONFIG, MasterKeys, SecretBox, spaceKeyMigrations, SpaceKeyRepository } from '@parley/service';
import { handlersOf, layTables, openBare, type SpecHandler } from '@parley/service/testing';
import { createTestDatabase } from '@parley/testing';
import { AppModule } from '../src/app.module.ts';
import type { Tables } from '../src/database.ts';
import { migrations } from '../src/migrations/index.ts';

export const anonymous: Principal = { type: 'anonymous', id: 'anonymous', spaces: {} };

/** Identity without its messaging, over a real PostgreSQL and as few connections as the service has. */
export class IdentityBench {
  readonly database: Database<Tables>;
  private readonly app: INestApplicationContext;
  private readonly handlers: ReadonlyMap<string, SpecHandler>;
  private readonly drop: () => Promise<void>;

  constructor(database: Database<Tables>, app: INestApplicationContext, drop: () => Promise<void>) {
    this.database = database;
    this.app = app;
    this.drop = drop;
    this.handlers = handlersOf(app, AppModule);
  }

  /** Calls an operation as its server does: what comes before it, then one transaction. */
  async call<Definition extends OperationDefinition>(
    definition: Definition,
    input: OperationRequest<Definition>,
    principal: Principal = anonymous,
  ): Promise<OperationOutput<Definition>> {
    const handle = this.handlers.get(`operation ${definition.name}`);
    if (!handle) throw new Error(`Nobody handles ${definition.name}.`);
    const checked = definition.input.parse(input) as Record<string, unknown>;
    const before = await this.handlers.get(`before_operation ${definition.name}`)?.(checked, { principal });
    const spaceId = checked['spaceId'];
    const spaces = typeof spaceId === 'string' ? [spaceId] : Object.keys(principal.spaces);
    const answer = await this.database.withSpaces(spaces, (trx) =>
      handle(checked, { principal, trx, before, afterCommit: () => undefined }),
    );
    if (answer instanceof Refusal) throw answer.problem;
    definition.output.parse(answer);
    return answer as OperationOutput<Definition>;
  }

  get<Type>(token: new (...parts: never[]) => Type): Type {
    return this.app.get(token as never);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.close();
    await this.drop();
  }
}

/** Opens a bench; close it in afterAll. */
export async function openBench(): Promise<IdentityBench> {
  const server = await createTestDatabase();
  await layTables(server, 'identity', [spaceKeyMigrations, migrations]);
  const database = createDatabase<Tables>({
    url: server.urlFor('parley_identity'),
    applicationName: 'identity-spec',
    poolSize: 10,
  });
  const secrets = new SecretBox(new MasterKeys([Buffer.alloc(32, 7)]), new SpaceKeyRepository());
  const app = await openBare(AppModule, [
    [Database, database],
    [EventLog, new EventLog({ afterCommit: () => undefined } as never)],
    [SecretBox, secrets],
    [CONFIG, { ACCESS_TOKEN_SECONDS: 600, REFRESH_TOKEN_DAYS: 30, SIGNING_KEY_DAYS: 30 }],
  ]);
  return new IdentityBench(database, app, () => server.drop());
}
