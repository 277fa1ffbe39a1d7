import type { INestApplicationContext } from '@nestjs/common';
import {
  authenticate,
  createInvitation,
  createSpace,
  type OperationDefinition,
  type OperationInput,
  type OperationOutput,
  type OperationRequest,
  type Principal,
  sendAccountMail,
  signUp,
  verifyEmail,
} from '@parley/contracts';
import { createDatabase, Database } from '@parley/database';
import { EventLog, type NewTask, OperationClient, Rejection, Tasks } from '@parley/messaging';
import {
  CONFIG,
  createLogger,
  Logger,
  MasterKeys,
  SecretBox,
  spaceKeyMigrations,
  SpaceKeyRepository,
} from '@parley/service';
import { handlersOf, createTables, createTestContext, type SpecHandler } from '@parley/service/testing';
import { createTestDatabase } from '@parley/testing';
import { configSchema } from '../src/config.ts';
import { AppModule } from '../src/app.module.ts';
import type { Tables } from '../src/database.ts';
import { migrations } from '../src/migrations/index.ts';

export const anonymous: Principal = { type: 'anonymous', id: 'anonymous', spaces: {} };
export const password = 'correct horse battery';

/** A mail as notifications is asked for it. */
export type AskedMail = OperationInput<typeof sendAccountMail>;

/** A caller without credential, from an address. */
export const callerFrom = (address: string, userAgent = 'Spec'): Principal => ({
  ...anonymous,
  address,
  userAgent,
});

/** Identity without its messaging, over a real PostgreSQL and as few connections as the service has. */
export class IdentityBench {
  readonly database: Database<Tables>;
  readonly config: Record<string, unknown>;
  /** Mails that notifications was asked to send. */
  readonly mails: AskedMail[];
  /** Tasks that are written down and not done. */
  readonly tasks: NewTask[];
  private readonly app: INestApplicationContext;
  private readonly handlers: ReadonlyMap<string, SpecHandler>;
  private readonly drop: () => Promise<void>;

  constructor(parts: BenchParts) {
    const { database, app, drop, config, mails, tasks } = parts;
    this.database = database;
    this.app = app;
    this.drop = drop;
    this.config = config;
    this.mails = mails;
    this.tasks = tasks;
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
    if (answer instanceof Rejection) throw answer.problem;
    definition.output.parse(answer);
    return answer as OperationOutput<Definition>;
  }

  /** Does the tasks that are written down, and those that they write. */
  async work(): Promise<void> {
    for (let task = this.tasks.shift(); task; task = this.tasks.shift()) {
      const { spaceId, queue } = task;
      const complete = (effect: (trx: unknown) => Promise<void>): Promise<void> =>
        this.database.withSpaces([spaceId], effect);
      await this.handlers.get(`task ${queue}`)?.({ ...task, attempt: 1 }, { complete, isLastAttempt: false });
    }
  }

  /** The token of the newest mail of a kind to an address. */
  async mailed(kind: AskedMail['kind'], email: string): Promise<string> {
    await this.work();
    const found = this.mails.findLast((mail) => mail.kind === kind && mail.to.email === email);
    if (!found?.token) throw new Error(`No mail ${kind} went to ${email}.`);
    return found.token;
  }

  /** Signs somebody up, who verifies the address. */
  async join(email: string, name = 'Ada'): Promise<OperationOutput<typeof signUp>> {
    const session = await this.call(signUp, { email, password, name });
    await this.call(verifyEmail, { token: await this.mailed('verify_email', email) });
    return session;
  }

  /** Who a credential belongs to; null when it is refused. */
  async known(credential: string): Promise<Principal | null> {
    return (await this.call(authenticate, { credential })).principal;
  }

  /** Somebody with a space, signed in. */
  async owner(email: string): Promise<{ principal: Principal; spaceId: string }> {
    const { accessToken } = await this.join(email);
    const { id: spaceId } = await this.call(createSpace, { name: 'Home' }, await this.require(accessToken));
    return { principal: await this.require(accessToken), spaceId };
  }

  /** Invites somebody, who signs up and joins; answers who that is. */
  async member(
    space: { principal: Principal; spaceId: string },
    email: string,
    role: 'owner' | 'admin' | 'agent' | 'viewer',
  ): Promise<Principal> {
    await this.call(createInvitation, { spaceId: space.spaceId, email, role }, space.principal);
    const invitationToken = await this.mailed('invitation', email);
    const { accessToken } = await this.call(signUp, { email, password, name: email, invitationToken });
    return this.require(accessToken);
  }

  private async require(credential: string): Promise<Principal> {
    const principal = await this.known(credential);
    if (!principal) throw new Error('The credential is refused.');
    return principal;
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

interface BenchParts {
  database: Database<Tables>;
  app: INestApplicationContext;
  drop: () => Promise<void>;
  config: Record<string, unknown>;
  mails: AskedMail[];
  tasks: NewTask[];
}

/** Opens a bench; close it in afterAll. */
export async function openBench(): Promise<IdentityBench> {
  const server = await createTestDatabase();
  await createTables(server, 'identity', [spaceKeyMigrations, migrations]);
  const database = createDatabase<Tables>({
    url: server.urlFor('parley_identity'),
    applicationName: 'identity-spec',
    poolSize: 10,
  });
  const secrets = new SecretBox(new MasterKeys([Buffer.alloc(32, 7)]), new SpaceKeyRepository());
  const config = { ...configSchema.parse({}), SIGN_UP: 'open' };
  const mails: AskedMail[] = [];
  const tasks: NewTask[] = [];
  const app = await createTestContext(AppModule, [
    [Database, database],
    [EventLog, new EventLog({ afterCommit: () => undefined } as never)],
    [SecretBox, secrets],
    [Tasks, { enqueue: async (_trx: unknown, added: NewTask[]) => void tasks.push(...added) }],
    [OperationClient, { request: async (_definition: unknown, mail: AskedMail) => void mails.push(mail) }],
    [Logger, createLogger({ name: 'identity-spec', level: 'fatal' })],
    [CONFIG, config],
  ]);
  return new IdentityBench({ database, app, drop: () => server.drop(), config, mails, tasks });
}
