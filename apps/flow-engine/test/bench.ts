import {
  findHiddenConversations,
  addDocument,
  type conversationCreated,
  createKnowledgeBase,
  type EventData,
  type EventDefinition,
  getDocument,
  type LiveMessage,
  messagePosted,
  messageProduced,
  listTargetingChannels,
  newId,
  type OperationDefinition,
  type OperationInput,
  type OperationOutput,
  type OperationRequest,
  type Principal,
} from '@parley/contracts';
import type { Database } from '@parley/database';
import { EventPublisher, type MessagingRuntime } from '@parley/messaging';
import { spaceKeyMigrations } from '@parley/service';
import {
  eventsOf,
  createTables,
  type Pod,
  TestOperationCaller,
  startPod,
  type StoredEvent,
} from '@parley/service/testing';
import { buildMessage, createTestDatabase, textParts, until } from '@parley/testing';
import { AppModule } from '../src/app.module.ts';
import type { FlowTrx, Tables } from '../src/database.ts';
import { migrations } from '../src/migrations/index.ts';

type Posted = EventData<typeof messagePosted>;
type Produced = EventData<typeof messageProduced>;
type Delta = Extract<LiveMessage, { type: 'delta' }>;

/** A channel as its owner tells of it; the bench plays the owner. */
export type BenchChannel = OperationOutput<typeof listTargetingChannels>['channels'][number] & {
  target: OperationInput<typeof listTargetingChannels>['target'];
};

/** A space of its own for each bench: the streams of NATS are shared by all specs. */
const admin = (spaceId: string): Principal => ({
  type: 'account',
  id: 'acc_root',
  accountId: 'acc_root',
  name: 'Root',
  spaces: { [spaceId]: 'admin' },
});

/** A conversation as the bench plays it: facts of its messages in, the flow's messages out. */
export class BenchConversation {
  readonly id = newId('conv');
  readonly deltas: Delta[] = [];
  private readonly bench: FlowBench;
  private readonly responders: Pick<Posted, 'target' | 'agentIds'>;
  private readonly unsubscribe: () => void;
  private sequence = 0;

  constructor(bench: FlowBench, responders: Pick<Posted, 'target' | 'agentIds'>) {
    this.bench = bench;
    this.responders = responders;
    this.unsubscribe = bench.runtime.live.subscribe(bench.spaceId, this.id, (news) => {
      if (news.type === 'delta') this.deltas.push(news);
    });
  }

  /** The fact of a message: a contact's that wakes the flow, unless changed. */
  fact(text: string, change: Partial<Posted> & { author?: Posted['message']['author'] } = {}): Posted {
    this.sequence += 1;
    const { author = { type: 'contact', contactId: 'cont_one', name: 'Visitor' }, ...rest } = change;
    return {
      conversationId: this.id,
      sequence: this.sequence,
      owner: 'flow',
      contactId: 'cont_one',
      origin: { channelId: null, deploymentType: null, senderId: null },
      inReplyTo: null,
      attempt: null,
      wakes: true,
      ...this.responders,
      ...rest,
      message: buildMessage({
        conversationId: this.id,
        sequence: this.sequence,
        author,
        parts: textParts(text),
      }),
    };
  }

  /** The event that the conversation began, before any message. */
  begun(): EventData<typeof conversationCreated> {
    this.sequence += 1;
    return {
      ...{ conversationId: this.id, sequence: this.sequence, roomId: newId('room'), contactId: 'cont_one' },
      ...{ owner: 'flow', subject: null, participants: [] },
      origin: { channelId: null, deploymentType: null, senderId: null },
      ...this.responders,
    };
  }

  async post(text: string, change: Parameters<BenchConversation['fact']>[1] = {}): Promise<Posted> {
    const fact = this.fact(text, change);
    await this.bench.publish(fact);
    return fact;
  }

  /** Posts and waits for the flow's answer to it. */
  async ask(text: string): Promise<Produced> {
    const { message } = await this.post(text);
    return this.answerTo(message.id);
  }

  async answerTo(messageId: string, patienceMs = 20_000): Promise<Produced> {
    return this.bench.until(
      async () => (await this.produced()).find((one) => one.replyTo === messageId),
      'The answer',
      patienceMs,
    );
  }

  /** What the flow said here, oldest first. */
  async produced(): Promise<Produced[]> {
    const events = await this.events();
    return events.filter(({ name }) => name === messageProduced.name).map(({ data }) => data as Produced);
  }

  /** All facts of the flow engine about this conversation, oldest first. */
  events(): Promise<StoredEvent[]> {
    return eventsOf(this.bench.database, this.bench.spaceId, this.id);
  }

  /** Text shown to somebody who follows one attempt live; throws at a gap. */
  streamed(messageId: string, attempt: number): string {
    return this.deltas
      .filter((one) => one.messageId === messageId && one.attempt === attempt)
      .reduce((text, one) => {
        if (one.offset !== text.length) throw new Error(`A delta at ${one.offset} follows ${text.length}.`);
        return text + one.text;
      }, '');
  }

  close(): void {
    this.unsubscribe();
  }
}

/** The whole service in this process, over real servers: facts and operations in by NATS, events out of its database. */
export class FlowBench {
  readonly spaceId = newId('space');
  readonly otherSpaceId = newId('space');
  readonly database: Database<Tables>;
  readonly runner: Database<unknown>;
  readonly runtime: MessagingRuntime;
  /** The channels that the owner of channels knows. */
  readonly channels: BenchChannel[];
  /** Conversations of direct rooms that nobody who asks takes part in. */
  readonly hidden: Set<string>;
  private readonly pod: Pod<Tables>;
  private readonly drop: () => Promise<void>;
  private readonly conversations: BenchConversation[] = [];
  private readonly facts: EventPublisher;
  private readonly operations: TestOperationCaller;

  constructor(
    pod: Pod<Tables>,
    parts: { drop: () => Promise<void>; channels: BenchChannel[]; hidden: Set<string> },
  ) {
    this.channels = parts.channels;
    this.pod = pod;
    this.drop = parts.drop;
    this.hidden = parts.hidden;
    this.database = pod.database;
    this.runner = pod.runner;
    this.runtime = pod.runtime;
    this.facts = new EventPublisher(pod.nats, 'conversation');
    this.operations = new TestOperationCaller(pod.nats);
  }

  /** Asks an operation over NATS, as the gateway does. */
  async call<Definition extends OperationDefinition>(
    definition: Definition,
    input: Omit<OperationRequest<Definition>, 'spaceId'> & { spaceId?: string },
    spaceId = this.spaceId,
  ): Promise<OperationOutput<Definition>> {
    const request = { spaceId, ...input } as OperationRequest<Definition>;
    definition.input.parse(request);
    const { body } = await this.operations.request(definition, request, { principal: admin(spaceId) });
    return body;
  }

  converse(responders: Partial<Pick<Posted, 'target' | 'agentIds'>>): BenchConversation {
    const conversation = new BenchConversation(this, { target: null, agentIds: [], ...responders });
    this.conversations.push(conversation);
    return conversation;
  }

  publish(fact: Posted): Promise<void> {
    return this.tell(messagePosted, fact);
  }

  /** Any fact of another service. */
  tell<Definition extends EventDefinition>(
    definition: Definition,
    fact: EventData<Definition>,
  ): Promise<void> {
    return this.facts.publish(definition, this.spaceId, fact);
  }

  in<Result>(work: (trx: FlowTrx) => Promise<Result>): Promise<Result> {
    return this.database.withSpaces([this.spaceId], work);
  }

  get<Type>(token: new (...parts: never[]) => Type): Type {
    return this.pod.app.get(token as never);
  }

  /** A knowledge base that holds these documents, read. */
  async knowledge(documents: readonly { title: string; text: string }[]): Promise<string> {
    const { id: knowledgeBaseId } = await this.call(createKnowledgeBase, { name: 'Handbook' });
    for (const document of documents) {
      const added = await this.call(addDocument, {
        knowledgeBaseId,
        mediaType: 'text/markdown',
        ...document,
      });
      await this.until(async () => {
        const { status } = await this.call(getDocument, { knowledgeBaseId, documentId: added.id });
        return status === 'ready';
      }, 'The document');
    }
    return knowledgeBaseId;
  }

  /** Looks until there is something to see. */
  async until<Found>(
    look: () => Promise<Found | undefined | false>,
    what: string,
    patienceMs = 15_000,
  ): Promise<Found> {
    return until(what, look, patienceMs);
  }

  async close(): Promise<void> {
    for (const conversation of this.conversations) conversation.close();
    await this.pod.close();
    await this.drop();
  }
}

/** Opens a bench; close it in afterAll. `egressAllow` names the private addresses that may be called. */
export async function openBench(
  options: { egressAllow?: string; modelTimeoutMs?: number } = {},
): Promise<FlowBench> {
  const server = await createTestDatabase();
  await createTables(server, 'flow', [spaceKeyMigrations, migrations]);
  const channels: BenchChannel[] = [];
  const hidden = new Set<string>();
  const pod = await startPod<Tables>({
    ...{ name: 'flow-engine', domain: 'flow', module: AppModule, server },
    prepare: ({ operations }) => {
      operations.add(listTargetingChannels, (input) => {
        const { target } = input as OperationInput<typeof listTargetingChannels>;
        const found = channels.filter((one) => JSON.stringify(one.target) === JSON.stringify(target));
        return Promise.resolve({ channels: found, total: found.length });
      });
      operations.add(findHiddenConversations, () => Promise.resolve({ conversationIds: [...hidden] }));
    },
    config: { MODEL_TIMEOUT_MS: options.modelTimeoutMs ?? 2000 },
    egressAllow: options.egressAllow ?? '127.0.0.1',
  });
  return new FlowBench(pod, { drop: () => server.drop(), channels, hidden });
}
