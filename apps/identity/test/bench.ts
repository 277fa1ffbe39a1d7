import { Global, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { OperationDefinition, OperationOutput, OperationRequest, Principal } from '@parley/contracts';
import { createDatabase, Database, migrate } from '@parley/database';
import { EventLog, mechanismMigrations, Refusal } from '@parley/messaging';
import { CONFIG, MasterKeys, SecretBox, spaceKeyMigrations, SpaceKeyRepository } from '@parley/service';
import { createTestDatabase } from '@parley/testing';
import { AppModule } from '../src/app.module.ts';
import type { Tables } from '../src/database.ts';
import { migrations } from '../src/migrations/index.ts';

type Handle = (input: unknown, context: object) => Promise<unknown>;
type Extras = { kind: string; definition: { name: string } };

export const anonymous: Principal = { type: 'anonymous', id: 'anonymous', spaces: {} };

/** Identity without its messaging, over a real PostgreSQL and as few connections as the service has. */
export class IdentityBench {
  readonly database: Database<Tables>;
  private readonly app: INestApplicationContext;
  private readonly handlers: ReadonlyMap<string, Handle>;
  private readonly drop: () => Promise<void>;

  constructor(database: Database<Tables>, app: INestApplicationContext, drop: () => Promise<void>) {
    this.database = database;
    this.app = app;
    this.drop = drop;
    this.handlers = handlersOf(app);
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
  const serviceUrl = server.urlFor('parley_identity');
  await migrate({
    ownerUrl: server.ownerUrl,
    serviceUrl,
    runnerUrl: server.urlFor('parley_identity_runner'),
    domain: 'identity',
    migrations: [mechanismMigrations, spaceKeyMigrations, migrations],
  });
  const database = createDatabase<Tables>({
    url: serviceUrl,
    applicationName: 'identity-spec',
    poolSize: 10,
  });
  const app = await NestFactory.createApplicationContext(moduleWith(database), {
    logger: ['error'],
    abortOnError: false,
  });
  return new IdentityBench(database, app, () => server.drop());
}

function moduleWith(database: Database<Tables>): new () => object {
  const secrets = new SecretBox(new MasterKeys([Buffer.alloc(32, 7)]), new SpaceKeyRepository());
  const config = { ACCESS_TOKEN_SECONDS: 600, REFRESH_TOKEN_DAYS: 30, SIGNING_KEY_DAYS: 30 };
  @Global()
  @Module({
    providers: [
      { provide: Database, useValue: database },
      { provide: EventLog, useValue: new EventLog({ afterCommit: () => undefined } as never) },
      { provide: SecretBox, useValue: secrets },
      { provide: CONFIG, useValue: config },
    ],
    exports: [Database, EventLog, SecretBox, CONFIG],
  })
  class Kit {}

  @Module({ imports: [Kit, AppModule] })
  class BenchModule {}

  return BenchModule;
}

function handlersOf(app: INestApplicationContext): Map<string, Handle> {
  const found = new Map<string, Handle>();
  const controllers = Reflect.getMetadata('controllers', AppModule) as (new () => object)[];
  for (const controller of controllers) {
    const instance = app.get<Record<string, Handle>>(controller);
    for (const name of Object.getOwnPropertyNames(controller.prototype)) {
      const method = instance[name];
      const extras =
        method && (Reflect.getMetadata('microservices:pattern_extras', method) as Extras | undefined);
      if (method && extras) found.set(`${extras.kind} ${extras.definition.name}`, method.bind(instance));
    }
  }
  return found;
}
