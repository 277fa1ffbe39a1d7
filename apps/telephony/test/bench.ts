import { createServer, type Server } from 'node:http';
import {
  answerCall,
  type CallJob,
  channelStatusChanged,
  type completeStorage,
  type EventData,
  type EventDefinition,
  newId,
  openForChannel,
  type OperationDefinition,
  type OperationOutput,
  type OperationRequest,
  type Principal,
  ProblemError,
  receiveLiveKitEvent,
  servicePrincipal,
  unavailable,
} from '@parley/contracts';
import { CallBus, EventPublisher, type NatsConnection } from '@parley/messaging';
import {
  connectTestClient,
  eventsOf,
  createTables,
  type Pod,
  type StoredEvent,
  TestOperationCaller,
} from '@parley/service/testing';
import {
  buildCallJob,
  createTestDatabase,
  freePort,
  type LiveKitServer,
  startLiveKitServer,
  type TestDatabase,
  until,
} from '@parley/testing';
import type { Tables, TelephonyTrx } from '../src/database.ts';
import { migrations } from '../src/migrations/index.ts';
import {
  type BenchOptions,
  type Completion,
  liveKitKey,
  type Opening,
  type Settings,
  startTelephony,
} from './pod.ts';

/** A webhook as it reached the door. */
export interface Webhook {
  authorization: string;
  body: string;
  event: string;
  room: string;
}

/** Telephony over real servers, LiveKit among them; the spec plays gateway, conversation and jobs. */
export class TelephonyBench {
  readonly spaceId = newId('space');
  readonly otherSpaceId = newId('space');
  readonly webhooks: Webhook[] = [];
  /** What conversation was asked to open. */
  readonly opened: Opening[] = [];
  /** What the storage of files was asked to complete, and to delete. */
  readonly completed: Completion[] = [];
  readonly deleted: string[] = [];
  /** How the storage answers; throws where it does not do it. */
  storage: (input: Completion) => { incomplete: boolean } = ({ incomplete = false }) => ({ incomplete });
  /** What identity and gateway say of recordings when they are asked. */
  settings: Settings = { recordingConsent: 'announcement', recordingEnabled: true };
  /** How often they were asked. */
  asked = 0;
  /** Whether conversation opens conversations. */
  isOpening = true;
  /** Whether webhooks reach telephony. */
  listening = true;
  liveKit!: LiveKitServer;
  private readonly nats: NatsConnection;
  private readonly server: TestDatabase;
  private readonly options: BenchOptions;
  private readonly client: TestOperationCaller;
  private readonly facts: EventPublisher;
  private readonly voice: EventPublisher;
  private readonly jobs: CallBus;
  private readonly alive = new Map<string, number>();
  private readonly speaking: NodeJS.Timeout;
  private door: Server | undefined;
  private doorUrl = '';
  private pod: Pod<Tables> | undefined;
  private liveKitPort = 0;

  constructor(nats: NatsConnection, server: TestDatabase, options: BenchOptions) {
    this.nats = nats;
    this.options = options;
    this.server = server;
    this.client = new TestOperationCaller(nats);
    this.facts = new EventPublisher(nats, 'channel-gateway');
    this.voice = new EventPublisher(nats, 'voice-agent');
    this.jobs = new CallBus(nats);
    this.speaking = setInterval(() => this.speakUp(), 1000);
  }

  /** A job as the gateway would have it dispatched. */
  job(change: Partial<CallJob> = {}): CallJob {
    return buildCallJob({ spaceId: this.spaceId, ...change });
  }

  /** Asks an operation over NATS, as the gateway does. */
  async call<Definition extends OperationDefinition>(
    definition: Definition,
    input: Omit<OperationRequest<Definition>, 'spaceId'> & { spaceId?: string },
    options: { principal?: Principal; idempotencyKey?: string } = {},
  ): Promise<OperationOutput<Definition>> {
    const given: Record<string, unknown> = { ...input };
    const request = 'spaceId' in definition.input.shape ? { spaceId: this.spaceId, ...given } : given;
    const principal = options.principal ?? servicePrincipal('spec', request['spaceId'] as string);
    const { idempotencyKey } = options;
    const { body } = await this.client.request(definition, request as OperationRequest<Definition>, {
      principal,
      ...(idempotencyKey ? { idempotencyKey } : {}),
    });
    return definition.output.parse(body) as OperationOutput<Definition>;
  }

  /** Makes a channel known, and waits until it is. */
  async channel(
    change: Partial<EventData<typeof channelStatusChanged>> & { channelId: string },
  ): Promise<void> {
    const data = {
      ...{ deploymentType: 'WEB' as const, status: 'active' as const, statusReason: null, target: null },
      ...{ channelName: null, channelIdentifier: 'https://example.org', afterCall: null },
      ...change,
    };
    await this.facts.publish(channelStatusChanged, this.spaceId, data);
    await this.until(async () => {
      const find = this.in((trx) =>
        trx.selectFrom('channel').select('status').where('id', '=', change.channelId).executeTakeFirst(),
      );
      return (await find)?.status === data.status;
    }, 'The channel');
  }

  /** Answers as a job does, and lives on as one, once a second. */
  async answer(job: CallJob): Promise<OperationOutput<typeof answerCall>> {
    const answer = await this.call(answerCall, { spaceId: job.spaceId, job });
    this.live(job.callId, job.generation);
    return answer;
  }

  /** Signs of life of a job, once a second. */
  live(callId: string, generation: number): void {
    this.alive.set(callId, generation);
    this.speakUp();
  }

  /** A job dies without a word. */
  kill(callId: string): void {
    this.alive.delete(callId);
  }

  private speakUp(): void {
    for (const [callId, generation] of this.alive)
      this.jobs.publish(this.spaceId, callId, { type: 'job_alive', callId, generation, state: 'listening' });
  }

  /** A fact of the voice agent. */
  say<Definition extends EventDefinition>(
    definition: Definition,
    data: EventData<Definition>,
  ): Promise<void> {
    return this.voice.publish(definition, this.spaceId, data);
  }

  /** What telephony has said about a call. */
  events(callId: string): Promise<StoredEvent[]> {
    return eventsOf(this.requirePod().database, this.spaceId, callId);
  }

  in<Result>(work: (trx: TelephonyTrx) => Promise<Result>): Promise<Result> {
    return this.requirePod().database.withSpaces([this.spaceId], work);
  }

  get calls(): CallBus {
    return this.requirePod().runtime.calls;
  }

  /** Looks until there is something to see. */
  async until<Found>(
    look: () => Promise<Found | undefined | false | null> | Found | undefined | false | null,
    what: string,
    patienceMs = 15_000,
  ): Promise<Found> {
    return until(what, look, patienceMs);
  }

  /** Starts LiveKit, on the port it had before. */
  async startLiveKit(): Promise<void> {
    this.liveKitPort ||= await freePort();
    this.liveKit = await startLiveKitServer({
      ...liveKitKey,
      webhookUrl: this.doorUrl,
      port: this.liveKitPort,
    });
  }

  /** Starts the service. */
  async startPod(): Promise<void> {
    this.pod = await startTelephony(this.server, {
      ...this.options,
      liveKitUrl: `ws://127.0.0.1:${this.liveKitPort}`,
      openConversation: (input) => this.openConversation(input),
      completeFile: (input) => this.completeFile(input),
      settings: () => {
        this.asked += 1;
        return this.settings;
      },
      deleteFile: (assetId) => void this.deleted.push(assetId),
    });
  }

  async stopPod(): Promise<void> {
    const pod = this.requirePod();
    this.pod = undefined;
    await pod.close();
  }

  /** The gateway's door for LiveKit: keeps what comes, and passes it on. */
  async openDoor(): Promise<void> {
    const port = await freePort();
    this.doorUrl = `http://127.0.0.1:${port}/livekit`;
    this.door = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const { event, room } = JSON.parse(body) as { event: string; room?: { name: string } };
        const authorization = request.headers.authorization ?? '';
        this.webhooks.push({ authorization, body, event, room: room?.name ?? '' });
        const done = this.listening ? this.pass({ authorization, body }) : Promise.resolve(200);
        done.then(
          (status) => response.writeHead(status).end(),
          () => response.writeHead(503).end(),
        );
      });
    });
    await new Promise<void>((resolve) => this.door?.listen(port, '127.0.0.1', resolve));
  }

  /** Passes a webhook on as the gateway does. */
  async pass(webhook: Pick<Webhook, 'authorization' | 'body'>): Promise<number> {
    const { authorization, body } = webhook;
    const { id } = JSON.parse(body) as { id: string };
    const principal = servicePrincipal('channel-gateway');
    try {
      await this.call(receiveLiveKitEvent, { authorization, body }, { principal, idempotencyKey: id });
      return 200;
    } catch (error) {
      return error instanceof ProblemError ? error.status : 500;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.speaking);
    if (this.pod) await this.stopPod();
    await this.liveKit.process.stop('SIGKILL');
    this.door?.closeAllConnections();
    this.door?.close();
    await this.nats.close();
    await this.server.drop();
  }

  /** A fact of another service. */
  tell<Definition extends EventDefinition>(
    service: string,
    definition: Definition,
    data: EventData<Definition>,
  ): Promise<void> {
    return new EventPublisher(this.nats, service).publish(definition, this.spaceId, data);
  }

  private completeFile(input: Completion): OperationOutput<typeof completeStorage> {
    this.completed.push(input);
    const at = new Date().toISOString();
    return {
      ...{ id: input.assetId, folderId: null, conversationId: null, fileName: 'call.wav', size: 44 },
      ...{
        contentType: 'audio/wav',
        sha256: null,
        status: 'ready' as const,
        statusReason: null,
        internal: true,
      },
      ...{ createdAt: at, updatedAt: at, metadata: {} },
      ...this.storage(input),
    };
  }

  private requirePod(): Pod<Tables> {
    if (!this.pod) throw new Error('The service does not run.');
    return this.pod;
  }

  /** A sender has one conversation; the first time it is new. */
  private openConversation(input: Opening): OperationOutput<typeof openForChannel> {
    const created = !this.opened.some((one) => one.sender.id === input.sender.id);
    this.opened.push(input);
    if (!this.isOpening) throw unavailable('Conversation does not answer.');
    return {
      conversationId: input.sender.id.replace(/^(?:vis_|\+)/, 'conv_'),
      contactId: input.contactId ?? 'cont_new',
      created,
      afterSequence: created ? 0 : 7,
      status: 'open',
    };
  }
}

/** Opens a bench with everything started; close it in afterAll. */
export async function openBench(options: BenchOptions = {}): Promise<TelephonyBench> {
  const server = await createTestDatabase();
  await createTables(server, 'telephony', [migrations]);
  const nats = await connectTestClient(options.natsUrl);
  const bench = new TelephonyBench(nats, server, options);
  await bench.openDoor();
  await bench.startLiveKit();
  await bench.startPod();
  return bench;
}
