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

/** A conversation as the fake conversation service returns it. */
export interface StagedConversation {
  contactName?: string;
  assignee?: string;
  /** Participating accounts. */
  accounts?: string[];
  /** What the contact wrote, in order; its sequences are 1, 2, 3 … */
  messages?: string[];
  /** Accounts that have read everything. */
  readers?: string[];
  /** Whether it belongs to a direct room. */
  direct?: boolean;
}

const staged = new Map<string, StagedConversation>();

/** Sets what the fake conversation service returns. Other conversations have no contact. */
export function stage(conversationId: string, conversation: StagedConversation): void {
  staged.set(conversationId, conversation);
}

/** The service on real servers, with fakes of the other services and a mail catcher. */
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
  async publish<Definition extends EventDefinition>(
    definition: Definition,
    spaceId: string,
    data: EventData<Definition>,
  ): Promise<void> {
    await new EventPublisher(this.nats, 'spec').publish(definition, spaceId, data);
  }

  /** Requests an operation as another service. */
  async request<Definition extends OperationDefinition>(
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

  /** Creates a space with these members and its default rules. */
  async createSpace(
    members: readonly { accountId: string; email: string; emailVerified?: boolean }[],
  ): Promise<string> {
    const spaceId = newId('space');
    await this.publish(spaceCreated, spaceId, { spaceId, name: 'Home', ownerAccountId: 'acc_owner' });
    for (const member of members)
      await this.publish(memberChanged, spaceId, { name: member.accountId, role: 'agent', ...member });
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
      operations.add(getConversation, (input) => conversationOf(input as ConversationRequest));
      operations.add(getRoom, (input) => roomOf(input as { roomId: string }));
      operations.add(listMessages, (input) => messagesOf(input as ConversationRequest));
      operations.add(listReceipts, (input) => receiptsOf(input as ConversationRequest));
    },
  });
  return new NotificationsBench({ pod, catcher, nats, server });
}

interface ConversationRequest {
  conversationId: string;
  afterSequence?: number;
}

function stagedOf({ conversationId }: ConversationRequest): StagedConversation {
  return staged.get(conversationId) ?? {};
}

function conversationOf(request: ConversationRequest): Promise<object> {
  const { contactName, assignee, accounts = [], messages = [] } = stagedOf(request);
  const participants = [
    ...accounts.map((accountId) => ({ accountId, contactId: null, name: accountId })),
    ...(contactName === undefined ? [] : [{ accountId: null, contactId: 'cont_1', name: contactName }]),
  ];
  const contactId = contactName === undefined ? null : 'cont_1';
  return Promise.resolve({
    // A room of one conversation.
    roomId: request.conversationId,
    contactId,
    assignee: assignee ?? null,
    participants,
    lastSequence: messages.length,
  });
}

function roomOf({ roomId }: { roomId: string }): Promise<object> {
  return Promise.resolve({ type: stagedOf({ conversationId: roomId }).direct ? 'direct' : 'standard' });
}

function messagesOf(request: ConversationRequest): Promise<object> {
  const { messages = [], contactName } = stagedOf(request);
  const data = messages.map((text, index) => ({
    id: `msg_${index + 1}`,
    sequence: index + 1,
    author: { type: 'contact', name: contactName },
    parts: [{ type: 'text', text }],
  }));
  const { afterSequence = 0 } = request;
  return Promise.resolve({ data: data.filter(({ sequence }) => sequence > afterSequence), nextCursor: null });
}

function receiptsOf(request: ConversationRequest): Promise<object> {
  const { readers = [] } = stagedOf(request);
  const data = readers.map((accountId) => ({
    accountId,
    contactId: null,
    status: 'read',
    at: new Date().toISOString(),
  }));
  return Promise.resolve({ data, nextCursor: null });
}
