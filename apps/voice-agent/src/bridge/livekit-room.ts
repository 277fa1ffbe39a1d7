import type {
  AudioSource,
  LocalTrackPublication,
  RemoteParticipant,
  RemoteTrack,
  Room,
} from '@livekit/rtc-node';
import { callTopics } from '@parley/contracts';
import type { Logger } from '@parley/service';
import { toneCode } from '../key-tones.ts';
import type { CallAudio, CallRoom, CallState } from './call-audio.ts';
import { isQuiet } from './pcm.ts';

type Rtc = typeof import('@livekit/rtc-node');

/** What a room is joined with. */
export interface JoinOptions {
  url: string;
  participantToken: string;
  audio: CallAudio;
  logger: Pick<Logger, 'warn' | 'debug'>;
}

const STATE_ATTRIBUTE = 'lk.agent.state';
const states: Readonly<Record<string, CallState>> = {
  listening: 'listening',
  thinking: 'thinking',
  speaking: 'speaking',
};
const SOURCE_MS = 1000;
const FRAME_MS = 20;
/** Sound that waits for longer is late. */
const LATE_MS = 100;
const ALIVE_MS = 1000;

/** Joins a room as the caller; the native library is loaded with the first call. */
export async function joinRoom(options: JoinOptions): Promise<CallRoom> {
  const rtc = await import('@livekit/rtc-node');
  const room = new rtc.Room();
  const side = new RoomSide(rtc, room, options);
  try {
    await side.join(options.url, options.participantToken);
    return side;
  } catch (error) {
    await side.leave();
    throw error;
  }
}

/** One caller in one room. */
class RoomSide implements CallRoom {
  private readonly rtc: Rtc;
  private readonly room: Room;
  private readonly audio: CallAudio;
  private readonly logger: JoinOptions['logger'];
  private source: AudioSource | null = null;
  /** The track that is heard: the newest, as a second job takes over from a first. */
  private heard: RemoteTrack | null = null;
  private hasLeft = false;
  private alive: NodeJS.Timeout | null = null;

  constructor(rtc: Rtc, room: Room, { audio, logger }: JoinOptions) {
    this.rtc = rtc;
    this.room = room;
    this.audio = audio;
    this.logger = logger;
    const { RoomEvent } = rtc;
    room.on(RoomEvent.TrackSubscribed, (track) => void this.carryOut(track).catch(this.note));
    room.on(RoomEvent.ParticipantConnected, (participant) => this.tellState(participant));
    room.on(RoomEvent.ParticipantAttributesChanged, (changed, participant) => {
      if (STATE_ATTRIBUTE in changed && participant.identity !== room.localParticipant?.identity)
        this.tellState(participant);
    });
    room.on(RoomEvent.DataReceived, (_data, from, _kind, topic) => {
      if (topic === callTopics.cut && from?.identity !== room.localParticipant?.identity) audio.clear();
    });
    room.on(RoomEvent.DtmfReceived, (_code, digit) => audio.dtmf(digit));
    room.on(RoomEvent.Disconnected, (reason) => this.ended(this.wordFor(reason)));
  }

  async join(url: string, participantToken: string): Promise<void> {
    const { AudioSource, LocalAudioTrack, TrackPublishOptions, TrackSource } = this.rtc;
    await this.room.connect(url, participantToken, { autoSubscribe: true, dynacast: false });
    const { localParticipant: local } = this.room;
    if (!local) throw new Error('The room was left before it was joined.');
    for (const participant of this.room.remoteParticipants.values()) this.tellState(participant);
    this.source = new AudioSource(this.audio.inputRate, 1, SOURCE_MS);
    const track = LocalAudioTrack.createAudioTrack('caller', this.source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    const publication = await local.publishTrack(track, options);
    void this.carryIn(publication, this.source).catch(this.note);
    // LiveKit notices late that a process has died; the agent notices sooner that this fails to come.
    this.alive = setInterval(() => void this.tell(callTopics.alive, false).catch(this.quiet), ALIVE_MS);
  }

  async dtmf(digit: string): Promise<void> {
    const code = toneCode(digit);
    if (code !== null) await this.room.localParticipant?.publishDtmf(code, digit);
  }

  async interrupt(): Promise<void> {
    await this.tell(callTopics.interrupt, true);
  }

  async leave(): Promise<void> {
    if (this.hasLeft) return;
    this.hasLeft = true;
    if (this.alive) clearInterval(this.alive);
    await this.room.disconnect();
    await this.source?.close();
  }

  private async tell(topic: string, reliable: boolean): Promise<void> {
    await this.room.localParticipant?.publishData(new Uint8Array(), { reliable, topic });
  }

  /** The caller's sound into the room, from when somebody in it listens. */
  private async carryIn(publication: LocalTrackPublication, source: AudioSource): Promise<void> {
    await publication.waitForSubscription();
    for (let samples = await this.audio.hear(); samples && !this.hasLeft; samples = await this.audio.hear()) {
      // Who came late to listen would hear all else late, to the end of the call.
      if (this.audio.isLive && source.queuedDuration > LATE_MS && isQuiet(samples)) continue;
      await source.captureFrame(new this.rtc.AudioFrame(samples, this.audio.inputRate, 1, samples.length));
    }
  }

  /** The agent's sound to the caller. It comes as time passes and is never held up: what cannot be sent on is bounded there. */
  private async carryOut(track: RemoteTrack): Promise<void> {
    if (track.kind !== this.rtc.TrackKind.KIND_AUDIO) return;
    this.heard = track;
    const stream = new this.rtc.AudioStream(track, {
      sampleRate: this.audio.outputRate,
      numChannels: 1,
      frameSizeMs: FRAME_MS,
    });
    for await (const frame of stream) {
      if (this.hasLeft || this.heard !== track) break;
      this.audio.play(frame.data);
    }
  }

  private tellState({ attributes }: Pick<RemoteParticipant, 'attributes'>): void {
    const state = states[attributes[STATE_ATTRIBUTE] ?? ''];
    if (state) this.audio.state(state);
  }

  private ended(reason: string): void {
    if (this.hasLeft) return;
    this.audio.end(reason);
    this.leave().catch(this.note);
  }

  private wordFor(reason: number): string {
    const { ROOM_DELETED, ROOM_CLOSED, PARTICIPANT_REMOVED } = this.rtc.DisconnectReason;
    const isMeant = [ROOM_DELETED, ROOM_CLOSED, PARTICIPANT_REMOVED].some((one) => one === reason);
    return isMeant ? 'call_ended' : 'connection_lost';
  }

  /** What comes again in a second need not be told of. */
  private readonly quiet = (): void => undefined;

  private readonly note = (error: unknown): void => {
    if (!this.hasLeft) this.logger.warn({ err: error }, 'Audio stream of a call failed');
  };
}
