import { createServer, type Server } from 'node:http';
import {
  admitFlowSession,
  admitMediaStream,
  badRequest,
  channelStatusChanged,
  conflict,
  conversationDeleted,
  endCall,
  type EventData,
  flowAudioRates,
  type FlowServerFrame,
  getCallProfile,
  headerNames,
  type Message,
  messageChanged,
  messagePosted,
  missCall,
  newId,
  notFound,
  openForChannel,
  type OperationDefinition,
  type OperationInput,
  operationSubject,
  type ProblemError,
  startCall,
  toProblem,
  turnTranscribed,
} from '@parley/contracts';
import {
  connectNats,
  ensureStreams,
  EventPublisher,
  type NatsConnection,
  OperationClient,
} from '@parley/messaging';
import { buildMessage, textParts, until } from '@parley/testing';
import { ClientAddresses, createLogger } from '@parley/service';
import { testOperationKeys } from '@parley/service/testing';
import { WebSocket } from 'ws';
import { type CallAudio, type CallRoom, CallRooms } from '../src/bridge/call-audio.ts';
import { openBridgeDoor } from '../src/bridge/bridge-door.ts';
import { FlowSocket } from '../src/bridge/flow.socket.ts';
import { MediaSocket } from '../src/bridge/media.socket.ts';
import type { BridgeConfig } from '../src/config.ts';

export const spaceId = 'space_one';
export const channelId = 'chan_web';
export const site = 'https://shop.example';

type Turn = EventData<typeof turnTranscribed>;

/** A room that the spec plays. */
export class PlayedRooms extends CallRooms {
  isOn = true;
  readonly joined: { token: string; audio: CallAudio; left: boolean; keys: string[]; cuts: number }[] = [];
  /** Held until the spec lets the caller in. */
  gate: Promise<void> = Promise.resolve();

  async join(token: string, audio: CallAudio): Promise<CallRoom> {
    await this.gate;
    const place = { token, audio, left: false, keys: [] as string[], cuts: 0 };
    this.joined.push(place);
    return {
      dtmf: async (digit) => void place.keys.push(digit),
      interrupt: async () => void (place.cuts += 1),
      leave: async () => {
        place.left = true;
      },
    };
  }
}

/** One client of the bridge, and what it heard. */
export class Client {
  readonly frames: FlowServerFrame[] = [];
  readonly pieces: number[] = [];
  private readonly chunks: Buffer[] = [];
  pings = 0;
  closed: { code: number; reason: string } | null = null;
  readonly socket: WebSocket;

  constructor(url: string, headers: Record<string, string>, options: { autoPong?: boolean } = {}) {
    this.socket = new WebSocket(url, { headers, ...options });
    this.socket.on('message', (data: Buffer, binary) => {
      if (!binary) return void this.frames.push(JSON.parse(data.toString()) as FlowServerFrame);
      this.pieces.push(data.length);
      this.chunks.push(data);
    });
    this.socket.on('ping', () => (this.pings += 1));
    this.socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    this.socket.on('error', () => undefined);
  }

  /** All the sound that came. */
  get sound(): Buffer {
    return Buffer.concat(this.chunks);
  }

  send(what: object | string | Buffer): void {
    this.socket.send(typeof what === 'string' || Buffer.isBuffer(what) ? what : JSON.stringify(what));
  }

  of<Type extends FlowServerFrame['type']>(type: Type): Extract<FlowServerFrame, { type: Type }>[] {
    return this.frames.filter((frame) => frame.type === type) as Extract<FlowServerFrame, { type: Type }>[];
  }

  async heard<Type extends FlowServerFrame['type']>(
    type: Type,
    count = 1,
  ): Promise<Extract<FlowServerFrame, { type: Type }>> {
    return until(`${count} frames "${type}"`, () => this.of(type)[count - 1]);
  }

  /** What one frame is answered. */
  async answerTo(what: object | string | Buffer): Promise<FlowServerFrame> {
    const before = this.frames.length;
    this.send(what);
    return until('an answer', () => this.frames[before]);
  }

  async ended(): Promise<{ code: number; reason: string }> {
    return until('the end', () => this.closed, 10_000);
  }
}

/** A bridge over a real NATS; the spec plays gateway, conversation, telephony and flow. */
export class BridgeBench {
  readonly rooms = new PlayedRooms();
  readonly turns: Turn[] = [];
  readonly opened: OperationInput<typeof openForChannel>[] = [];
  readonly started: OperationInput<typeof startCall>[] = [];
  readonly calls: OperationInput<typeof endCall>[] = [];
  readonly missed: OperationInput<typeof missCall>[] = [];
  readonly admissions: OperationInput<typeof admitFlowSession>[] = [];
  readonly streams: OperationInput<typeof admitMediaStream>[] = [];
  readonly tokens = new Set<string>();
  /** What sessions are shown before a conversation begins. */
  opening: string[] = ['Hello!'];
  /** Held until a conversation is opened. */
  openGate: Promise<void> = Promise.resolve();
  /** Held until the end of a call is answered. */
  endGate: Promise<void> = Promise.resolve();
  /** Gives the token of a call. */
  issue = async (callId: string): Promise<string> => `token-${callId}`;
  url = '';
  private readonly sequences = new Map<string, number>();
  private readonly posted = new Map<string, string[]>();
  private readonly nats: NatsConnection;
  private readonly facts: EventPublisher;
  private readonly clients: Client[] = [];
  private door!: Server;
  private sockets!: (FlowSocket | MediaSocket)[];

  constructor(nats: NatsConnection) {
    this.nats = nats;
    this.facts = new EventPublisher(nats, 'conversation');
  }

  async start(config: Partial<BridgeConfig> = {}, rooms: CallRooms = this.rooms): Promise<void> {
    this.answer(admitFlowSession, (input) => this.admit(input));
    this.answer(getCallProfile, () => ({
      ...{ agentId: null, agentName: 'Pia', greeting: 'Hello!', opening: this.opening, voice: null },
      ...{ suggestedQuestions: [], choices: [], costly: false },
    }));
    this.answer(openForChannel, (input) => this.openConversation(input));
    this.answer(admitMediaStream, (input) => this.admitStream(input));
    this.answer(startCall, async (input) => {
      const { providerCallId } = input;
      if (providerCallId && this.started.some((one) => one.providerCallId === providerCallId))
        throw conflict('Another media stream is connected to this call.', 'call_taken');
      this.started.push(input);
      const expiresAt = new Date(Date.now() + 600_000).toISOString();
      return {
        callId: input.callId,
        serverUrl: 'ws://room',
        participantToken: await this.issue(input.callId),
        expiresAt,
      };
    });
    this.answer(missCall, (input) => {
      this.missed.push(input);
      return {};
    });
    this.answer(endCall, async (input) => {
      this.calls.push(input);
      await this.endGate;
      return {};
    });
    this.nats.subscribe('voice.turn_transcribed.>', {
      callback: (_error, message) => void this.reply(message.json<Turn>()),
    });
    await this.nats.flush();
    const logger = createLogger({ name: 'bridge-spec', level: 'silent' });
    const limits = {
      TRUSTED_PROXIES: 'loopback',
      MEDIA_MAX_STREAMS: 2,
      BRIDGE_MAX_SESSIONS: 40,
      BRIDGE_MAX_SESSIONS_PER_ADDRESS: 30,
      BRIDGE_MAX_SESSIONS_PER_CHANNEL: 40,
      BRIDGE_SESSIONS_PER_MINUTE_PER_ADDRESS: 300,
      BRIDGE_SESSIONS_PER_MINUTE_PER_CHANNEL: 300,
      BRIDGE_IDLE_MS: 60_000,
    };
    const whole = { PORT: 0, HOST: '127.0.0.1', ...limits, ...config } as BridgeConfig;
    const parts = [
      new OperationClient(this.nats, testOperationKeys('voice-agent')),
      new EventPublisher(this.nats, 'voice-agent'),
    ] as const;
    this.sockets = [FlowSocket, MediaSocket].map(
      (Socket) => new Socket(...parts, rooms, logger, this.nats, whole),
    );
    for (const socket of this.sockets) if (socket instanceof FlowSocket) socket.onModuleInit();
    this.door = createServer();
    openBridgeDoor(this.door, this.sockets, new ClientAddresses('loopback'));
    await new Promise<void>((resolve) => this.door.listen(0, '127.0.0.1', resolve));
    this.url = `ws://127.0.0.1:${(this.door.address() as { port: number }).port}`;
  }

  /** Opens a session; it is let in unless said otherwise. */
  connect(of: { path?: string; headers?: Record<string, string>; autoPong?: boolean } = {}): Client {
    const { path = '/ws/flow/flow_one', headers = { origin: site }, autoPong = true } = of;
    const client = new Client(`${this.url}${path}`, headers, { autoPong });
    this.clients.push(client);
    return client;
  }

  async ready(): Promise<{ client: Client; conversationId: string }> {
    const client = this.connect();
    const { conversationId } = await client.heard('ready');
    return { client, conversationId };
  }

  /** Lets a message appear in a conversation. */
  async post(conversationId: string, change: Partial<Message>): Promise<void> {
    const { message, ...rest } = this.next(conversationId, change);
    const data = {
      ...rest,
      message,
      owner: 'flow',
      contactId: 'cont_one',
      origin: { channelId, deploymentType: 'WEB', externalId: null, conferenceId: null },
      target: null,
      agentIds: [],
      inReplyTo: null,
      attempt: null,
      wakes: false,
    } as unknown as EventData<typeof messagePosted>;
    const text = message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join();
    this.posted.set(conversationId, [...this.historyOf(conversationId), text]);
    await this.facts.publish(messagePosted, spaceId, data);
  }

  async change(conversationId: string, change: Partial<Message>): Promise<void> {
    const data = { ...this.next(conversationId, change), change: 'speech' as const };
    await this.facts.publish(messageChanged, spaceId, data);
  }

  /** The last event of a conversation. */
  async remove(conversationId: string): Promise<void> {
    await this.facts.publish(conversationDeleted, spaceId, { conversationId, sequence: 1000 });
  }

  /** Texts of a conversation, in their order. */
  historyOf(conversationId: string): string[] {
    return this.posted.get(conversationId) ?? [];
  }

  /** Says what has become of the sessions' channel. */
  async setChannel(status: 'active' | 'inactive' | 'deleted'): Promise<void> {
    const data = {
      ...{ channelId, deploymentType: 'WEB' as const, status, statusReason: null, target: null },
      channelName: null,
    };
    await new EventPublisher(this.nats, 'channel-gateway').publish(channelStatusChanged, spaceId, data);
  }

  /** Closes the clients of one story. */
  leave(): void {
    for (const client of this.clients.splice(0)) client.socket.terminate();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) await socket.onModuleDestroy();
    this.leave();
    await new Promise((resolve) => this.door.close(resolve));
    await this.nats.close();
  }

  private next(
    conversationId: string,
    change: Partial<Message>,
  ): { conversationId: string; sequence: number; message: Message } {
    const sequence = (this.sequences.get(conversationId) ?? 0) + 1;
    this.sequences.set(conversationId, sequence);
    const message = buildMessage({ conversationId, sequence, ...change });
    return { conversationId, sequence, message };
  }

  /** Conversation and flow in small: a turn becomes a message, and is answered. */
  private async reply(turn: Turn): Promise<void> {
    if (this.turns.some(({ messageId }) => messageId === turn.messageId)) return;
    this.turns.push(turn);
    const { conversationId, messageId, text } = turn;
    await this.post(conversationId, {
      id: messageId,
      author: { type: 'contact', contactId: 'cont_one', name: 'Visitor' },
      parts: textParts(text),
    });
    await this.post(conversationId, { parts: textParts(`You said: ${text}`), replyTo: messageId });
  }

  private async openConversation(input: OperationInput<typeof openForChannel>): Promise<object> {
    this.opened.push(input);
    const { conversationId = newId('conv') } = input;
    await this.openGate;
    await this.post(conversationId, { parts: textParts('Hello!') });
    return { conversationId, contactId: 'cont_one', created: true, afterSequence: 0, status: 'open' };
  }

  private admit(input: OperationInput<typeof admitFlowSession>): object {
    this.admissions.push(input);
    const { flowId, token, origin } = input;
    const refuse = (refusal: string): object => ({ admitted: false, refusal, channel: null });
    if (flowId === 'flow_broken') throw notFound('The flow');
    if (flowId !== 'flow_one') return refuse('unknown_flow');
    if (token !== null && !this.tokens.delete(token)) return refuse('bad_token');
    if (token === null && origin !== site) return refuse('origin');
    const target = { flowId };
    const channel = { spaceId, channelId, deploymentType: 'WEB', target, targetName: 'Pia', language: 'en' };
    return { admitted: true, refusal: null, channel };
  }

  /** A token is good while it stands in `tokens`. */
  private admitStream(input: OperationInput<typeof admitMediaStream>): object {
    this.streams.push(input);
    const refuse = (refusal: string): object => ({ refusal, stream: null });
    if (input.channelId === 'chan_broken') throw notFound('The channel');
    if (input.channelId !== 'chan_calls') return refuse('unknown_channel');
    if (input.token === 'inactive') return refuse('inactive');
    if (!this.tokens.has(input.token)) return refuse('bad_token');
    const channel = { spaceId, channelId: 'chan_calls', deploymentType: 'CALLS', targetName: 'Pia' };
    const parties = { direction: 'inbound', from: '+14155550101', to: '+14155550199', callId: null };
    return {
      refusal: null,
      stream: { ...channel, ...parties, target: { flowId: 'flow_one' }, language: 'en' },
    };
  }

  private answer<Definition extends OperationDefinition>(
    definition: Definition,
    handle: (input: OperationInput<Definition>) => object | Promise<object>,
  ): void {
    this.nats.subscribe(operationSubject(definition.name), {
      callback: (_error, message) => {
        const say = (status: number, body: object): void => {
          message.headers?.set(headerNames.status, String(status));
          message.respond(JSON.stringify(body), { headers: message.headers });
        };
        const input = definition.input.safeParse(message.json());
        const work = async (): Promise<object> => {
          if (!input.success) throw badRequest(input.error.message);
          return handle(input.data as OperationInput<Definition>);
        };
        work().then(
          (body) => say(200, body),
          (error: ProblemError) => say(error.status, toProblem(error, 'req_spec')),
        );
      },
    });
  }
}

/** Opens a bench; close it in afterAll. */
export async function openBridgeBench(): Promise<BridgeBench> {
  const url = process.env['PARLEY_TEST_NATS_URL'] ?? '';
  const nats = await connectNats({ url, user: '', password: '', name: 'voice-agent' });
  await ensureStreams(nats, { partitions: 4 });
  return new BridgeBench(nats);
}

/** So many milliseconds of a tone, as a client sends it. */
export function tone(milliseconds: number, rate: number = flowAudioRates.fromClient): Buffer {
  const samples = Int16Array.from({ length: (milliseconds * rate) / 1000 }, (_none, index) =>
    Math.round(8000 * Math.sin((2 * Math.PI * 440 * index) / rate)),
  );
  return Buffer.from(samples.buffer);
}
