/** The other end of telephone calls: one process that answers each as an agent would, and sends and hears the tone. */
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { answerCall, type CallJob, CallJobSchema, servicePrincipal } from '@parley/contracts';
import {
  CallBus,
  connectOperations,
  type NatsConnection,
  OperationClient,
  OperationKeys,
} from '@parley/messaging';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { Ear, eachFrame, type FarEndFigures, FRAME_MS, toneAt } from './sound.ts';

const RATE = 24_000;
const LOOK_MS = 100;
const QUEUE_MS = 30;
const ALIVE_MS = 1000;
const { LIVEKIT_URL: url = '', LIVEKIT_SECRET: secret = '', NATS_URL = '', NATS_PASSWORD = '' } = process.env;

const { OPERATION_KEYS_FILE } = process.env;
const keys = OperationKeys.read('voice-agent', { OPERATION_KEYS_FILE });

class FarEnd {
  private readonly calls = new Map<string, { source: AudioSource; ear: Ear }>();
  private readonly known = new Set<string>();
  private readonly rooms = new RoomServiceClient(url.replace('ws', 'http'), 'parley', secret);
  private readonly nats: NatsConnection;
  private lateMs = 0;

  constructor(nats: NatsConnection) {
    this.nats = nats;
  }

  async run(): Promise<void> {
    eachFrame((moment, lateMs) => {
      this.lateMs = Math.max(this.lateMs, lateMs);
      this.play(moment);
    });
    for (;;) {
      const rooms = await this.rooms.listRooms().catch(() => []);
      await Promise.all(rooms.map(({ name }) => this.look(name)));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** What was heard of each call since it was asked last, and the latest that this process itself was. */
  figures(): FarEndFigures {
    const { lateMs } = this;
    this.lateMs = 0;
    return { heard: [...this.calls.values()].map(({ ear }) => ear.take()), lateMs };
  }

  private play(moment: number): void {
    const samples = toneAt(moment, RATE);
    const frame = new AudioFrame(samples, RATE, 1, samples.length);
    // What waited here until the call was set up would make all of it late.
    for (const { source } of this.calls.values())
      if (source.queuedDuration < QUEUE_MS) void source.captureFrame(frame).catch(() => undefined);
  }

  private async look(name: string): Promise<void> {
    if (this.known.has(name)) return;
    const callers = await this.rooms.listParticipants(name).catch(() => []);
    const [job] = callers.flatMap(({ metadata }) => jobOf(metadata));
    if (!job || this.known.has(name)) return;
    this.known.add(name);
    this.stayAlive(job);
    this.answer(job).catch((error: unknown) =>
      console.error(`  A call could not be answered: ${String(error)}`),
    );
  }

  private async answer(job: CallJob): Promise<void> {
    const { callId: name } = job;
    const principal = servicePrincipal('voice-agent', job.spaceId);
    const input = { spaceId: job.spaceId, job };
    await new OperationClient(this.nats, keys).request(answerCall, input, {
      principal,
      idempotencyKey: name,
    });
    await this.join(name);
  }

  /** Telephony misses an agent that does not say each second that it is there. */
  private stayAlive({ spaceId, callId, generation }: CallJob): void {
    const bus = new CallBus(this.nats);
    const tell = (): void =>
      bus.publish(spaceId, callId, { type: 'job_alive', callId, generation, state: 'speaking' });
    tell();
    setInterval(tell, ALIVE_MS);
  }

  private async join(name: string): Promise<void> {
    const room = new Room();
    const [source, ear] = [new AudioSource(RATE, 1, 1000), new Ear()];
    room.on(RoomEvent.TrackSubscribed, (track) => {
      const stream = new AudioStream(track, { sampleRate: RATE, numChannels: 1, frameSizeMs: FRAME_MS });
      void listen(stream, ear).catch(() => undefined);
    });
    room.on(RoomEvent.Disconnected, () => this.calls.delete(name));
    const token = new AccessToken('parley', secret, { identity: `agent-${name}`, ttl: 600 });
    token.kind = 'agent';
    token.addGrant({ roomJoin: true, room: name, canPublish: true, canSubscribe: true });
    await room.connect(url, await token.toJwt(), { autoSubscribe: true, dynacast: false });
    const track = LocalAudioTrack.createAudioTrack('agent', source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    await room.localParticipant?.publishTrack(track, options);
    this.calls.set(name, { source, ear });
  }
}

async function listen(stream: AudioStream, ear: Ear): Promise<void> {
  for await (const frame of stream) ear.hear(frame.data);
}

function jobOf(metadata: string): CallJob[] {
  try {
    const { data } = CallJobSchema.safeParse(JSON.parse(metadata));
    return data ? [data] : [];
  } catch {
    return [];
  }
}

const nats = await connectOperations({
  url: NATS_URL,
  user: 'operator',
  password: NATS_PASSWORD,
  name: 'far-end',
});
const farEnd = new FarEnd(nats);
process.on('message', () => process.send?.(farEnd.figures()));
process.on('disconnect', () => process.exit(0));
await farEnd.run();
