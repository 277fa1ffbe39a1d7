import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';

/** Hz of what is said and heard. */
export const RATE = 24_000;
const LOUD = 500;

/** Sound heard without a pause, in milliseconds of the caller's clock. */
export interface HeardStretch {
  from: number;
  to: number;
}

/** Somebody who calls: speaks into the room and notes when there was sound. */
export class Caller {
  readonly heard: HeardStretch[] = [];
  readonly room = new Room();
  private readonly source = new AudioSource(RATE, 1, 2000);
  private track: LocalAudioTrack | undefined;

  async join(url: string, token: string): Promise<void> {
    this.room.on(RoomEvent.TrackSubscribed, (track) => void this.listen(track));
    await this.room.connect(url, token, { autoSubscribe: true, dynacast: false });
    this.track = LocalAudioTrack.createAudioTrack('microphone', this.source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    await this.room.localParticipant?.publishTrack(this.track, options);
  }

  /** Says a sound; resolves with the times between which it was said. */
  async say(sound: Int16Array): Promise<HeardStretch> {
    const from = Date.now();
    for (const part of pieces(sound))
      await this.source.captureFrame(new AudioFrame(part, RATE, 1, part.length));
    await this.source.waitForPlayout();
    return { from, to: Date.now() };
  }

  /** Milliseconds of sound heard since a time. */
  heardSince(time: number): number {
    return this.heard.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, time)), 0);
  }

  /** When sound was last heard. */
  get lastSoundAt(): number {
    return this.heard.at(-1)?.to ?? 0;
  }

  async leave(): Promise<void> {
    await this.room.disconnect();
    await this.source.close();
  }

  private async listen(track: RemoteTrack): Promise<void> {
    if (track.kind !== TrackKind.KIND_AUDIO) return;
    for await (const frame of new AudioStream(track, RATE, 1)) {
      const now = Date.now();
      const duration = (frame.samplesPerChannel * 1000) / frame.sampleRate;
      if (!frame.data.some((value) => Math.abs(value) > LOUD)) continue;
      const last = this.heard.at(-1);
      if (last && now - duration - last.to < 60) last.to = now;
      else this.heard.push({ from: now - duration, to: now });
    }
  }
}

function* pieces(sound: Int16Array): Generator<Int16Array> {
  for (let at = 0; at < sound.length; at += RATE / 50) yield sound.slice(at, at + RATE / 50);
}
