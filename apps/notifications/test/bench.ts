import {
  type EventData,
  type EventDefinition,
  getConversation,
  getRoom,
  listMessages,
  listNotifications,
  listReceipts,
  memberChanged,
  newId,
  type OperationDefinition,
  type OperationOutput,
  type OperationRequest,
  type Principal,
  servicePrincipal,
  spaceCreated,
} from '@parley/contracts';
import { EventPublisher, type NatsConnection } from '@parley/messaging';
import { spaceKeyMigrations } from '@parley/service';
import {
  connectTestClient,
  createTables,
  type Pod,
  TestOperationCaller,
  startPod,
} from '@parley/service/testing';
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

/** What the spec, which plays the conversation service, says of a conversation. */
export interface StagedConversation {
  contactName?: string;
  assignee?: string;
  /** Accounts that take part. */
  accounts?: string[];
  /** What the contact wrote, in order; its sequences are 1, 2, 3 … */
  messages?: string[];
  /** Accounts that have read everything. */
  readers?: string[];
  /** It is a direct room's. */
  direct?: boolean;
}

const staged = new Map<string, StagedConversation>();

/** Says what the conversation service answers; a conversation that nothing was said of has no contact. */
export function stage(conversationId: string, conversation: StagedConversation): void {
  staged.set(conversationId, conversation);
}

/** Notifications over real servers; the spec plays the other services and catches the mails. */
export class NotificationsBench {
  readonly pod: Pod<Tables>;
  readonly catcher: MailCatcher;
  private readonly nats: NatsConnection;
  private readonly server: TestDatabase;
  private readonly client: TestOperationCaller;

  constructor(parts: { pod: Pod<Tables>; catcher: MailCatcher; nats: NatsConnection; server: TestDatabase }) {
    this.pod = parts.pod;
    this.catcher = parts.catcher;
    this.nats = parts.nats;
    this.server = parts.server;
    this.client = new TestOperationCaller(parts.nats);
  }

  /** Publishes an event as the service that owns it. */
  async tell<Definition extends EventDefinition>(
    definition: Definition,
    spaceId: string,
    data: EventData<Definition>,
  ): Promise<void> {
    await new EventPublisher(this.nats, 'spec').publish(definition, spaceId, data);
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

  /** The inbox of a member, newest first. */
  async inbox(
    spaceId: string,
    accountId: string,
  ): Promise<OperationOutput<typeof listNotifications>['data']> {
    const principal: Principal = {
      type: 'account',
      id: accountId,
      accountId,
      spaces: { [spaceId]: 'agent' },
    };
    return (await this.client.request(listNotifications, { spaceId }, { principal })).body.data;
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
  await createTables(server, 'notification', [spaceKeyMigrations, migrations]);
  const catcher = await startMailCatcher();
  const nats = await connectTestClient();
  const config = configSchema.parse({ SMTP_URL: catcher.smtpUrl, ...settings });
  const pod = await startPod<Tables>({
    ...{ name: 'notifications', domain: 'notification', module: AppModule, server, config },
    prepare: ({ operations }) => {
      operations.add(getConversation, (input) => conversationOf(input as Asked));
      operations.add(getRoom, (input) => roomOf(input as { roomId: string }));
      operations.add(listMessages, (input) => messagesOf(input as Asked));
      operations.add(listReceipts, (input) => receiptsOf(input as Asked));
    },
  });
  return new NotificationsBench({ pod, catcher, nats, server });
}

interface Asked {
  conversationId: string;
  afterSequence?: number;
}

function find({ conversationId }: Asked): StagedConversation {
  return staged.get(conversationId) ?? {};
}

function conversationOf(asked: Asked): Promise<object> {
  const { contactName, assignee, accounts = [], messages = [] } = find(asked);
  const participants = [
    ...accounts.map((accountId) => ({ accountId, contactId: null, name: accountId })),
    ...(contactName === undefined ? [] : [{ accountId: null, contactId: 'cont_1', name: contactName }]),
  ];
  const contactId = contactName === undefined ? null : 'cont_1';
  return Promise.resolve({
    // A room of one conversation.
    roomId: asked.conversationId,
    contactId,
    assignee: assignee ?? null,
    participants,
    lastSequence: messages.length,
  });
}

function roomOf({ roomId }: { roomId: string }): Promise<object> {
  return Promise.resolve({ type: find({ conversationId: roomId }).direct ? 'direct' : 'standard' });
}

function messagesOf(asked: Asked): Promise<object> {
  const { messages = [], contactName } = find(asked);
  const data = messages.map((text, index) => ({
    id: `msg_${index + 1}`,
    sequence: index + 1,
    author: { type: 'contact', name: contactName },
    parts: [{ type: 'text', text }],
  }));
  const { afterSequence = 0 } = asked;
  return Promise.resolve({ data: data.filter(({ sequence }) => sequence > afterSequence), nextCursor: null });
}

function receiptsOf(asked: Asked): Promise<object> {
  const { readers = [] } = find(asked);
  const data = readers.map((accountId) => ({
    accountId,
    contactId: null,
    status: 'read',
    at: new Date().toISOString(),
  }));
  return Promise.resolve({ data, nextCursor: null });
}
