import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  answerCall,
  type CallJob,
  callerAttributes,
  domainOf,
  endCall,
  type EventData,
  getCallProfile,
  headerNames,
  messageChanged,
  messagePosted,
  ownerChanged,
  type Message,
  newId,
  beginRecording,
  beginStorage,
  failRecording,
  finishRecording,
  type RecordingMode,
  signParts,
  type OperationDefinition,
  operationSubject,
  speechFinished,
  streamName,
  turnTranscribed,
} from '@parley/contracts';
import {
  CallBus,
  connectNats,
  ensureStreams,
  followLog,
  EventPublisher,
  LiveBus,
  type NatsConnection,
} from '@parley/messaging';
import {
  buildCallJob,
  buildMessage,
  findNatsServer,
  freePort,
  type LiveKitServer,
  type ServerProcess,
  startLiveKitServer,
  startNatsServer,
  until,
} from '@parley/testing';
import { storedTestOperationKeys } from '@parley/service/testing';
import { SignJWT } from 'jose';
import { Caller } from './caller.ts';
import { FakeStorage } from './fake-storage.ts';

const liveKitKey = { apiKey: 'parley', apiSecret: 'a-secret-of-thirty-two-characters' };

type Turn = EventData<typeof turnTranscribed>;
type Speech = EventData<typeof speechFinished>;

/** How the flow answers a turn: pieces that come live, the attempt, and what is committed in the end. */
export interface Answer {
  live?: string[];
  /** Milliseconds between pieces. */
  paceMs?: number;
  text: string;
  internal?: boolean;
}

/** A worker with scripted ears and voice on real servers; the spec plays telephony, conversation and flow. */
export class VoiceBench {
  readonly spaceId = newId('space');
  conversationId = newId('conv');
  readonly turns: Turn[] = [];
  readonly speeches: Speech[] = [];
  /** Speeches of messages that had been said before. */
  readonly saidTwice: Speech[] = [];
  /** Messages of which the history knows what was heard. */
  readonly marked = new Set<string>();
  /** Causes by call. */
  readonly ended = new Map<string, string>();
  /** The last generation that said it is alive, by call. */
  readonly alive = new Map<string, number>();
  answer: (turn: Turn, no: number) => Answer = (_turn, no) => ({ text: `This is answer number ${no}.` });
  greeting: string | null = null;
  created = true;
  /** What answered calls do about recordings. */
  recording: RecordingMode = 'off';
  readonly storage = new FakeStorage();
  /** What was told of recordings, in its order. */
  readonly recorded: { name: string; input: Record<string, unknown> }[] = [];
  nats!: NatsConnection;
  liveKit!: LiveKitServer;
  worker!: ChildProcess;
  output = '';
  private sequence = 0;
  private natsServer!: ServerProcess;
  private facts!: EventPublisher;
  private readonly closing = new AbortController();
  private readonly folder = mkdtempSync(join(tmpdir(), 'parley-voice-'));
  private natsPort = 0;

  async open(): Promise<void> {
    this.natsPort = await freePort();
    await this.startNats();
    const url = `nats://127.0.0.1:${this.natsPort}`;
    this.nats = await connectNats({ url, user: 'spec', password: 'spec', name: 'spec' });
    await ensureStreams(this.nats, { partitions: 4, maxBytes: 64 * 1024 * 1024 });
    this.facts = new EventPublisher(this.nats, 'conversation');
    this.liveKit = await startLiveKitServer(liveKitKey);
    this.playOthers();
    await this.playStorage();
    this.startWorker();
    await this.until(() => this.output.includes('registered worker'), 'The worker at LiveKit', 60_000);
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.worker.kill('SIGKILL');
    this.storage.close();
    await this.nats.close();
    await Promise.all([this.natsServer.stop('SIGKILL'), this.liveKit.process.stop('SIGKILL')]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  startWorker(): void {
    const script = fileURLToPath(new URL('./scripted-worker.ts', import.meta.url));
    this.worker = spawn(process.execPath, ['--conditions=source', '--no-warnings', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        NATS_URL: `nats://127.0.0.1:${this.natsPort}`,
        NATS_USER: 'spec',
        NATS_PASSWORD: 'spec',
        OPERATION_KEYS: JSON.stringify(storedTestOperationKeys('voice-agent')),
        LIVEKIT_URL: this.liveKit.url,
        LIVEKIT_API_KEY: liveKitKey.apiKey,
        LIVEKIT_API_SECRET: liveKitKey.apiSecret,
        VOICE_SILENCE_SECONDS: '10',
        LOG_LEVEL: 'debug',
      },
    });
    const keep = (chunk: unknown): void => {
      this.output += String(chunk);
    };
    this.worker.stdout?.on('data', keep);
    this.worker.stderr?.on('data', keep);
  }

  async startNats(): Promise<void> {
    const program = await findNatsServer();
    const config = [
      'host: "127.0.0.1"',
      `port: ${this.natsPort}`,
      `jetstream { store_dir: ${JSON.stringify(join(this.folder, 'nats'))}, sync_interval: always }`,
      'authorization { users: [{ user: spec, password: spec }, { user: spec-operations, password: spec }] }',
      '',
    ].join('\n');
    const configFile = join(this.folder, 'nats.conf');
    writeFileSync(configFile, config);
    this.natsServer = await startNatsServer({ program, configFile, config, port: this.natsPort });
  }

  async stopNats(): Promise<void> {
    await this.natsServer.stop('SIGKILL');
  }

  newConversation(): void {
    this.conversationId = newId('conv');
    this.sequence = 0;
  }

  /** The process in which a call's job runs, as its log says. */
  jobPid(callId: string): number {
    const line = this.output.split('\n').find((one) => one.includes(callId) && one.includes('Call answered'));
    return (JSON.parse(line ?? '{"pid":0}') as { pid: number }).pid;
  }

  /** Somebody calls: the room is made by their token, which calls the agent. */
  async call(change: Partial<CallJob> = {}): Promise<{ caller: Caller; job: CallJob }> {
    const job = this.job(change);
    const caller = new Caller();
    await caller.join(this.liveKit.url, await this.token(job));
    return { caller, job };
  }

  job(change: Partial<CallJob> = {}): CallJob {
    return buildCallJob({ spaceId: this.spaceId, ...change });
  }

  /** Posts a message of the agent into the history. */
  async post(text: string, change: Partial<Message> & { attempt?: number } = {}): Promise<string> {
    const { attempt = 1, ...rest } = change;
    const id = rest.id ?? newId('msg');
    await this.publish(messagePosted, {
      ...this.inConversation(),
      message: this.message({ id, parts: [{ type: 'text', text, format: 'markdown' }], ...rest }),
      owner: 'flow',
      contactId: 'cont_ann',
      origin: { channelId: 'chan_web', deploymentType: 'WEB', senderId: 'vis_ann' },
      target: null,
      agentIds: [],
      inReplyTo: null,
      attempt,
      wakes: rest.author?.type === 'contact',
    });
    return id;
  }

  /** A person takes the conversation over. */
  async takeOver(): Promise<void> {
    const by = { type: 'account', accountId: 'acc_one', name: 'Pat' };
    const change = { owner: 'human', assignee: 'acc_one', by, reason: null };
    await this.publish(ownerChanged, { ...this.inConversation(), ...change });
  }

  /** Waits until a question is answered truthfully. */
  async until<Found>(
    ask: () => Found | null | undefined | false,
    what: string,
    patienceMs = 20_000,
  ): Promise<Found> {
    return until(what, ask, patienceMs).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.output.slice(-6000)}`);
    });
  }

  private inConversation(): { conversationId: string; sequence: number } {
    this.sequence += 1;
    return { conversationId: this.conversationId, sequence: this.sequence };
  }

  private message(change: Partial<Message>): Message {
    return buildMessage({ conversationId: this.conversationId, sequence: this.sequence, ...change });
  }

  /** Publishes until it is stored, as the relay of a service does. */
  private async publish(
    definition: typeof messagePosted | typeof messageChanged | typeof ownerChanged,
    data: unknown,
  ): Promise<void> {
    for (;;) {
      try {
        await this.facts.publish(definition, this.spaceId, data as never);
        return;
      } catch {
        await sleep(100);
      }
    }
  }

  private playOthers(): void {
    this.answers(answerCall, (input) => ({
      callId: (input['job'] as CallJob).callId,
      conversationId: this.conversationId,
      contactId: 'cont_ann',
      created: this.created,
      afterSequence: 0,
      timeLimitMs: 600_000,
      recording: this.recording,
    }));
    this.answers(getCallProfile, () => ({
      agentId: 'agent_one',
      agentName: 'Helper',
      greeting: this.greeting,
      voice: null,
      suggestedQuestions: [],
      choices: [],
      costly: false,
    }));
    this.answers(endCall, (input) => {
      this.ended.set(String(input['callId']), String(input['cause']));
      return {};
    });
    this.calls.subscribe(this.spaceId, '*', (news) => {
      if (news.type === 'job_alive') this.alive.set(news.callId, news.generation);
    });
    this.hears(turnTranscribed, (turn: Turn) => {
      if (this.turns.some(({ messageId }) => messageId === turn.messageId)) return;
      this.turns.push(turn);
      void this.reply(turn, this.turns.length);
    });
    this.hears(speechFinished, (speech: Speech) => {
      // A fact whose storage was not confirmed in time comes again, the same as before.
      const known = this.speeches.find(({ messageId }) => messageId === speech.messageId);
      if (known && known.startedAt !== speech.startedAt) this.saidTwice.push(speech);
      if (known) return;
      this.speeches.push(speech);
      const { generated, spoken, interruptedAtMs, startedAt, endedAt } = speech;
      const message = this.message({
        id: speech.messageId,
        parts: [{ type: 'text', text: generated, format: 'plain' }],
        speech: { generated, spoken, interruptedAtMs, startedAt, endedAt },
      });
      const changed = { ...this.inConversation(), message, change: 'speech' };
      void this.publish(messageChanged, changed).then(() => this.marked.add(speech.messageId));
    });
  }

  private async playStorage(): Promise<void> {
    await this.storage.open();
    this.answers(beginStorage, () => ({ asset: { id: newId('asset') }, upload: null }));
    this.answers(signParts, (input) => this.storage.sign(input as Parameters<FakeStorage['sign']>[0]));
    for (const definition of [beginRecording, failRecording, finishRecording])
      this.answers(definition, (input) => {
        this.recorded.push({ name: definition.name, input });
        return {};
      });
  }

  private async reply(turn: Turn, no: number): Promise<void> {
    await this.post(turn.text, { id: turn.messageId, author: { type: 'contact', name: 'Ann' } });
    const { live = [], paceMs = 0, text, internal = false } = this.answer(turn, no);
    const messageId = newId('msg');
    let offset = 0;
    for (const piece of live) {
      const delta = {
        type: 'delta' as const,
        messageId,
        attempt: 1,
        offset,
        text: piece,
        replyTo: turn.messageId,
      };
      new LiveBus(this.nats).publish(this.spaceId, this.conversationId, delta);
      offset += piece.length;
      await sleep(paceMs);
    }
    await this.post(text, { id: messageId, replyTo: turn.messageId, internal });
  }

  private answers(
    definition: OperationDefinition,
    answer: (input: Record<string, unknown>) => unknown,
  ): void {
    this.nats.subscribe(operationSubject(definition.name), {
      callback: (error, message) => {
        if (error) return;
        const { headers } = message;
        headers?.set(headerNames.status, '200');
        message.respond(JSON.stringify(answer(message.json())), { headers });
      },
    });
  }

  private hears<Data>(definition: { name: string }, tell: (data: Data) => void): void {
    const stream = streamName(domainOf(definition.name));
    // From the stream, as services hear it: after a death of NATS it may be there before this connection is.
    const log = { stream, subjects: [`${definition.name}.>`], from: 1, signal: this.closing.signal };
    void followLog(this.nats, log, { onMessage: (message) => tell(message.json<Data>()) });
  }

  private async token(job: CallJob): Promise<string> {
    const claims = {
      video: { roomJoin: true, room: job.callId, canPublish: true, canSubscribe: true, canPublishData: true },
      attributes: { [callerAttributes.callId]: job.callId, [callerAttributes.role]: 'caller' },
      roomConfig: { agents: [{ agentName: 'parley', metadata: JSON.stringify(job) }] },
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(liveKitKey.apiKey)
      .setSubject(`caller-${job.callId}`)
      .setExpirationTime('10m')
      .sign(new TextEncoder().encode(liveKitKey.apiSecret));
  }

  /** Calls the next job of a call into its room, as telephony does when one is lost. */
  async dispatch(job: CallJob): Promise<void> {
    const token = await new SignJWT({ video: { roomAdmin: true, room: job.callId } })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(liveKitKey.apiKey)
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(liveKitKey.apiSecret));
    const response = await fetch(
      `${this.liveKit.url.replace('ws', 'http')}/twirp/livekit.AgentDispatchService/CreateDispatch`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ agent_name: 'parley', room: job.callId, metadata: JSON.stringify(job) }),
      },
    );
    if (!response.ok) throw new Error(`LiveKit refused a dispatch: ${await response.text()}`);
  }

  /** News of calls. */
  get calls(): CallBus {
    return new CallBus(this.nats);
  }
}
