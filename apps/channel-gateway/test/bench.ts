import { setTimeout as sleep } from 'node:timers/promises';
import {
  agentChanged,
  claimPhoneNumber,
  conflict,
  type DeploymentChannel,
  type EventData,
  type EventDefinition,
  failDial,
  getAgent,
  getChannel,
  getDial,
  getFlow,
  getMessage,
  getPhoneNumber,
  listPhoneNumbers,
  type Message,
  newId,
  notFound,
  type OperationDefinition,
  type OperationInput,
  type OperationOutput,
  type OperationRequest,
  type PhoneNumber,
  receiveProviderStatus,
  releasePhoneNumber,
  servicePrincipal,
  setUpChannel,
} from '@parley/contracts';
import { EventPublisher, type MessagingRuntime, type NatsConnection } from '@parley/messaging';
import { spaceKeyMigrations } from '@parley/service';
import {
  connectTestClient,
  createTables,
  type Pod,
  startPod,
  TestOperationCaller,
} from '@parley/service/testing';
import {
  createTestDatabase,
  startTwilioServer,
  type TestDatabase,
  type TwilioNumber,
  type TwilioRestRequest,
  type TwilioServer,
} from '@parley/testing';
import { AppModule } from '../src/app.module.ts';
import type { GatewayConfig } from '../src/config.ts';
import type { ChannelTrx, Tables } from '../src/database.ts';
import { migrations } from '../src/migrations/index.ts';

export const publicUrl = 'https://parley.example';
export const agentId = 'agent_one';

type Claim = OperationInput<typeof claimPhoneNumber>;

/** What telephony was told of a call that was dialled. */
export type Told =
  | ({ what: 'placed' } & OperationInput<typeof receiveProviderStatus>)
  | ({ what: 'failed' } & OperationInput<typeof failDial>);

/** A gateway over real servers; the spec plays telephony, and Twilio is a local server. */
export class GatewayBench {
  readonly spaceId = newId('space');
  /** What telephony has on its books: one channel for each number. */
  readonly claims = new Map<string, Claim & { phoneConfigurationId: string }>();
  /** What telephony was told of calls that were dialled. */
  readonly told: Told[] = [];
  /** Calls of which telephony knows the carrier's id from elsewhere. */
  readonly known = new Map<string, string>();
  /** Agents and flows that the flow engine knows and no event has told of. */
  readonly agents = new Map<string, { name: string; defaultFlowId: string | null }>();
  readonly flows = new Map<string, { name: string; publishedVersion: number | null }>();
  /** How long the flow engine takes to answer. */
  targetDelayMs = 0;
  /** What the flow engine was asked. */
  readonly askedTargets: string[] = [];
  /** Messages as conversation knows them. */
  readonly messages = new Map<string, Message>();
  /** Whether telephony answers. */
  hasTelephony = true;
  /** Master keys of channel credentials from the next start on; the common one when absent. */
  secretsKeys: readonly Buffer[] | undefined;
  readonly config: GatewayConfig;
  private readonly server: TestDatabase;
  private readonly nats: NatsConnection;
  private readonly client: TestOperationCaller;
  private readonly facts: EventPublisher;
  private readonly twilios: TwilioServer[] = [];
  private pod: Pod<Tables> | undefined;

  constructor(server: TestDatabase, nats: NatsConnection) {
    this.server = server;
    this.nats = nats;
    this.client = new TestOperationCaller(nats);
    this.facts = new EventPublisher(nats, 'spec');
    this.config = {
      PORT: 8080,
      SERVICES: '',
      PUBLIC_URL: publicUrl,
      PROVIDER_CHECK_SECONDS: 1,
      SOCKETS_MAX: 100,
      SOCKETS_PENDING_MAX: 50,
      SOCKETS_PENDING_PER_ADDRESS: 20,
    } as GatewayConfig;
  }

  async start(): Promise<void> {
    this.pod = await startPod<Tables>({
      ...{ name: 'channel-gateway', domain: 'channel', module: AppModule, buckets: ['channels'] },
      ...{ server: this.server, config: this.config },
      ...(this.secretsKeys ? { secretsKeys: this.secretsKeys } : {}),
      prepare: (runtime) => {
        this.playTelephony(runtime);
        this.playFlowEngine(runtime);
        this.playOthers(runtime);
      },
    });
    await this.in(async (trx) => {
      const row = { space_id: this.spaceId, id: agentId, name: 'Pia', usable: true, default_flow_id: null };
      await trx
        .insertInto('target')
        .values({ ...row, deleted: false })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  async stop(): Promise<void> {
    const pod = this.requirePod();
    this.pod = undefined;
    await pod.close();
  }

  /** Asks an operation over NATS, as the door does. */
  async call<Definition extends OperationDefinition>(
    definition: Definition,
    input: Omit<OperationRequest<Definition>, 'spaceId'>,
    idempotencyKey?: string,
  ): Promise<OperationOutput<Definition>> {
    const { body } = await this.client.request(
      definition,
      { spaceId: this.spaceId, ...input } as unknown as OperationRequest<Definition>,
      { principal: servicePrincipal('spec', this.spaceId), ...(idempotencyKey ? { idempotencyKey } : {}) },
    );
    return definition.output.parse(body) as OperationOutput<Definition>;
  }

  /** An account at Twilio with these numbers. */
  async account(...numbers: string[]): Promise<TwilioServer> {
    const twilio = await startTwilioServer({
      numbers: numbers.map((phone_number) => ({ phone_number })),
      pageSize: 2,
    });
    this.twilios.push(twilio);
    return twilio;
  }

  /** One request from nothing to a channel that takes calls. */
  async setUp(
    twilio: Pick<TwilioServer, 'accountSid' | 'authToken' | 'apiBaseUrl'>,
    number: string,
    change: Partial<OperationRequest<typeof setUpChannel>> = {},
  ): Promise<DeploymentChannel> {
    const { channel } = await this.call(setUpChannel, setUpRequest(twilio, number, change));
    return channel;
  }

  async channel(channelId: string): Promise<DeploymentChannel> {
    return this.call(getChannel, { channelId });
  }

  /** Waits until a channel has come to a status by itself, or to a reason. */
  async becomes(channelId: string, status: string, reason: RegExp | null = null): Promise<DeploymentChannel> {
    return this.until(async () => {
      const channel = await this.channel(channelId);
      const fits = reason === null || reason.test(channel.statusReason ?? '');
      return channel.status === status && fits ? channel : undefined;
    }, `The status ${status} of ${channelId}`);
  }

  async until<Found>(
    look: () => Promise<Found | undefined | false> | Found | undefined | false,
    what: string,
    patienceMs = 15_000,
  ): Promise<Found> {
    const end = Date.now() + patienceMs;
    for (;;) {
      const found = await look();
      if (found) return found;
      if (Date.now() > end) throw new Error(`${what} did not come within ${patienceMs} ms.`);
      await sleep(50);
    }
  }

  /** Publishes events as their owners do. */
  async feed<Definition extends EventDefinition>(
    definition: Definition,
    ...events: EventData<Definition>[]
  ): Promise<void> {
    for (const data of events) await this.facts.publish(definition, this.spaceId, data);
  }

  /** An agent that channels may be answered by, as its event tells. */
  async agent(name = 'Pia'): Promise<string> {
    const id = newId('agent');
    await this.feed(agentChanged, { agentId: id, accountId: 'acc_agent', name, deleted: false });
    await this.until(
      () => this.in((trx) => trx.selectFrom('target').select('id').where('id', '=', id).executeTakeFirst()),
      `The agent ${id}`,
    );
    return id;
  }

  /** Connections to PostgreSQL, and requests that wait for one. */
  connections(): { total: number; idle: number; waiting: number } {
    return this.requirePod().database.stats();
  }

  get<Type>(token: new (...parts: never[]) => Type): Type {
    return this.requirePod().app.get(token as never);
  }

  in<Result>(work: (trx: ChannelTrx) => Promise<Result>): Promise<Result> {
    return this.requirePod().database.withSpaces([this.spaceId], work);
  }

  async close(): Promise<void> {
    if (this.pod) await this.stop();
    await Promise.all(this.twilios.map((twilio) => twilio.close()));
    await this.nats.close();
    await this.server.drop();
  }

  private requirePod(): Pod<Tables> {
    if (!this.pod) throw new Error('The service does not run.');
    return this.pod;
  }

  private playTelephony({ operations }: MessagingRuntime): void {
    operations.add(claimPhoneNumber, (input) => Promise.resolve(this.claim(input as Claim)));
    operations.add(releasePhoneNumber, (input) => {
      const { channelId } = input as Claim;
      for (const [number, claim] of this.claims)
        if (claim.channelId === channelId) this.claims.delete(number);
      return Promise.resolve({});
    });
    this.playDials(operations);
    operations.add(listPhoneNumbers, () =>
      Promise.resolve({ data: [...this.claims.values()].map(toPhoneNumber), nextCursor: null }),
    );
    operations.add(getPhoneNumber, (input) => {
      const { phoneNumberId } = input as { phoneNumberId: string };
      const found = [...this.claims.values()].find((one) => one.phoneConfigurationId === phoneNumberId);
      if (!found) return Promise.reject(notFound('The phone number'));
      return Promise.resolve(toPhoneNumber(found));
    });
  }

  private playFlowEngine({ operations }: MessagingRuntime): void {
    operations.add(getAgent, (input) => {
      const { agentId: id } = input as OperationInput<typeof getAgent>;
      return this.answerTarget(id, this.agents.get(id));
    });
    operations.addBefore(getAgent, () => sleep(this.targetDelayMs));
    operations.add(getFlow, (input) => {
      const { flowId: id } = input as OperationInput<typeof getFlow>;
      return this.answerTarget(id, this.flows.get(id));
    });
  }

  private answerTarget(id: string, found: object | undefined): Promise<unknown> {
    this.askedTargets.push(id);
    return found ? Promise.resolve({ id, ...found }) : Promise.reject(notFound('The target'));
  }

  /** Conversation, as replays ask it for messages, and assets. */
  private playOthers({ operations }: MessagingRuntime): void {
    operations.add(getMessage, (input) => {
      const { messageId } = input as OperationInput<typeof getMessage>;
      const found = this.messages.get(messageId);
      return found ? Promise.resolve(found) : Promise.reject(notFound('The message'));
    });
  }

  private playDials(operations: MessagingRuntime['operations']): void {
    operations.add(receiveProviderStatus, (input) => {
      this.told.push({ what: 'placed', ...(input as OperationInput<typeof receiveProviderStatus>) });
      return Promise.resolve({});
    });
    operations.add(failDial, (input) => {
      this.told.push({ what: 'failed', ...(input as OperationInput<typeof failDial>) });
      return Promise.resolve({});
    });
    operations.add(getDial, (input) => {
      const { callId } = input as OperationInput<typeof getDial>;
      return Promise.resolve({ isWanted: true, providerCallId: this.known.get(callId) ?? null });
    });
  }

  private claim(claim: Claim): { phoneConfigurationId: string } {
    const known = this.claims.get(claim.number);
    if (known && known.channelId !== claim.channelId)
      throw conflict(`The channel ${known.channelId} uses this number.`, 'number_in_use');
    const phoneConfigurationId = known?.phoneConfigurationId ?? newId('phone');
    for (const [number, one] of this.claims)
      if (one.channelId === claim.channelId) this.claims.delete(number);
    this.claims.set(claim.number, { ...claim, phoneConfigurationId });
    return { phoneConfigurationId };
  }
}

/** What sets up a channel of the CALLS type. */
export function setUpRequest(
  { accountSid, authToken, apiBaseUrl }: Pick<TwilioServer, 'accountSid' | 'authToken' | 'apiBaseUrl'>,
  number: string,
  change: Partial<OperationRequest<typeof setUpChannel>> = {},
): Omit<OperationRequest<typeof setUpChannel>, 'spaceId'> {
  return {
    channel: {
      deploymentType: 'CALLS',
      channelName: 'Support line',
      provider: 'twilio',
      channelIdentifier: number,
      configuration: { apiBaseUrl },
    },
    credentials: { accountSid, authToken },
    target: { agentId },
    ...change,
  };
}

function toPhoneNumber(claim: Claim & { phoneConfigurationId: string }): PhoneNumber {
  const { number, provider, providerNumberId, capabilities, channelId } = claim;
  const at = new Date().toISOString();
  return {
    id: claim.phoneConfigurationId,
    ...{ number, provider, providerNumberId, capabilities },
    ...{ callsChannelId: channelId, messagesChannelId: null, createdAt: at, updatedAt: at, metadata: {} },
  };
}

const drawn = { count: 0 };

/** A number that no other story has. */
export function draw(): string {
  drawn.count += 1;
  return `+1212555${String(1000 + drawn.count)}`;
}

/** A number as the account has it. */
export function numberOf(twilio: TwilioServer, number: string): TwilioNumber {
  const found = twilio.numbers.find((one) => one.phone_number === number);
  if (!found) throw new Error(`The account has no ${number}.`);
  return found;
}

/** Where Twilio is to ask what to do with a call. */
export const webhookOf = (channelId: string): string => `${publicUrl}/api/v1/webhooks/twilio/${channelId}`;

/** What was written at Twilio. */
export const writes = (twilio: TwilioServer): TwilioRestRequest[] =>
  twilio.requests.filter(({ method }) => method === 'POST');

/** Opens a bench with everything started; close it in afterAll. */
export async function openBench(): Promise<GatewayBench> {
  const server = await createTestDatabase();
  await createTables(server, 'channel', [spaceKeyMigrations, migrations]);
  const nats = await connectTestClient();
  const bench = new GatewayBench(server, nats);
  await bench.start();
  return bench;
}
