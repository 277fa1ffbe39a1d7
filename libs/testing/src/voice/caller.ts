import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  type RemoteParticipant,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { SoundRecording } from './sound-recording.ts';

/** Rate of what a caller says, and of what it hears. */
const SENT_RATE = 16_000;
export const RECEIVED_RATE = 24_000;
const FRAME_SAMPLES = SENT_RATE / 50;

/** Somebody in a room with a microphone and an ear, as a browser or a bridge would be. */
export class Caller {
  readonly received = new SoundRecording(RECEIVED_RATE);
  private readonly room = new Room();
  private readonly source = new AudioSource(SENT_RATE, 1, 200);
  private streams: AudioStream[] = [];

  /** Joins, publishes its microphone and listens to whoever speaks. */
  static async join(serverUrl: string, token: string): Promise<Caller> {
    const caller = new Caller();
    const { room } = caller;
    room.on(RoomEvent.TrackSubscribed, (track) => caller.subscribeToTrack(track));
    await room.connect(serverUrl, token, { autoSubscribe: true, dynacast: false });
    const track = LocalAudioTrack.createAudioTrack('microphone', caller.source);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    await room.localParticipant?.publishTrack(track, options);
    return caller;
  }

  /** The participants that speak for the platform. */
  agents(): RemoteParticipant[] {
    return [...this.room.remoteParticipants.values()].filter((one) => one.attributes['lk.agent.state']);
  }

  /** Says something at the pace of speech, with silence around it; answers when its last sample was said. */
  async speak(samples: Int16Array, silenceMs = 100): Promise<number> {
    const silence = new Int16Array((SENT_RATE * silenceMs) / 1000);
    await this.play(silence);
    await this.play(samples);
    await this.source.waitForPlayout();
    const ended = performance.now();
    // A microphone that is open sends silence, and ends of turns are heard in it.
    void this.play(new Int16Array(SENT_RATE * 2)).catch(() => undefined);
    return ended;
  }

  async leave(): Promise<void> {
    await Promise.all(this.streams.map((stream) => stream.cancel().catch(() => undefined)));
    await this.room.disconnect();
  }

  private async play(samples: Int16Array): Promise<void> {
    for (let at = 0; at < samples.length; at += FRAME_SAMPLES) {
      const frame = new Int16Array(FRAME_SAMPLES);
      frame.set(samples.subarray(at, at + FRAME_SAMPLES));
      await this.source.captureFrame(new AudioFrame(frame, SENT_RATE, 1, FRAME_SAMPLES));
    }
  }

  private subscribeToTrack(track: RemoteTrack): void {
    if (track.kind !== TrackKind.KIND_AUDIO) return;
    const stream = new AudioStream(track, RECEIVED_RATE, 1);
    this.streams.push(stream);
    void this.recordStream(stream).catch(() => undefined);
  }

  private async recordStream(stream: AudioStream): Promise<void> {
    for await (const frame of stream) this.received.add(frame.data);
  }
}
