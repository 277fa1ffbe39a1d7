import {
  type EventData,
  type EventDefinition,
  memberChanged,
  newId,
  type OperationDefinition,
  type OperationOutput,
  type OperationRequest,
  servicePrincipal,
  spaceCreated,
} from '@parley/contracts';
import { FactPublisher, type NatsConnection } from '@parley/messaging';
import { spaceKeyMigrations } from '@parley/service';
import { connectSpec, layTables, type Pod, SpecOperations, startPod } from '@parley/service/testing';
import {
  createTestDatabase,
  type MailCatcher,
  startMailCatcher,
  type TestDatabase,
  until,
} from '@parley/testing';
import { AppModule } from '../src/app.module.ts';
import { configSchema } from '../src/config.ts';
import type { Tables } from '../src/database.ts';
import { migrations } from '../src/migrations/index.ts';

/** Notifications over real servers; the spec plays the other services and catches the mails. */
export class NotificationsBench {
  readonly pod: Pod<Tables>;
  readonly catcher: MailCatcher;
  private readonly nats: NatsConnection;
  private readonly server: TestDatabase;
  private readonly client: SpecOperations;

  constructor(parts: { pod: Pod<Tables>; catcher: MailCatcher; nats: NatsConnection; server: TestDatabase }) {
    this.pod = parts.pod;
    this.catcher = parts.catcher;
    this.nats = parts.nats;
    this.server = parts.server;
    this.client = new SpecOperations(parts.nats);
  }

  /** Publishes an event as the service that owns it. */
  async tell<Definition extends EventDefinition>(
    definition: Definition,
    spaceId: string,
    data: EventData<Definition>,
  ): Promise<void> {
    await new FactPublisher(this.nats, 'spec').publish(definition, spaceId, data);
  }

  /** Asks an operation as a service does. */
  async ask<Definition extends OperationDefinition>(
    definition: Definition,
    input: OperationRequest<Definition>,
    of: { service: string; spaceId?: string; idempotencyKey?: string },
  ): Promise<OperationOutput<Definition>> {
    const principal = servicePrincipal(of.service, of.spaceId);
    const { idempotencyKey = null } = of;
    return (await this.client.request(definition, input, { principal, idempotencyKey })).body;
  }

  /** A space with these members, and its first rule. */
  async space(
    members: readonly { accountId: string; email: string; emailVerified?: boolean }[],
  ): Promise<string> {
    const spaceId = newId('space');
    await this.tell(spaceCreated, spaceId, { spaceId, name: 'Home', ownerAccountId: 'acc_owner' });
    for (const member of members)
      await this.tell(memberChanged, spaceId, { name: member.accountId, role: 'agent', ...member });
    await until('the members are known', () =>
      this.pod.database.withSpaces([spaceId], async (trx) => {
        const known = await trx.selectFrom('member').select('account_id').execute();
        const rules = await trx.selectFrom('rule').select('id').execute();
        return known.length === members.length && rules.length > 0;
      }),
    );
    return spaceId;
  }

  async close(): Promise<void> {
    await this.pod.close();
    await this.catcher.close();
    await this.nats.close();
    await this.server.drop();
  }
}

/** Opens a bench; close it in afterAll. */
export async function openBench(settings: Record<string, string> = {}): Promise<NotificationsBench> {
  const server = await createTestDatabase();
  await layTables(server, 'notification', [spaceKeyMigrations, migrations]);
  const catcher = await startMailCatcher();
  const nats = await connectSpec();
  const config = configSchema.parse({ SMTP_URL: catcher.smtpUrl, ...settings });
  const pod = await startPod<Tables>({
    ...{ name: 'notifications', domain: 'notification', module: AppModule, server, config },
  });
  return new NotificationsBench({ pod, catcher, nats, server });
}
