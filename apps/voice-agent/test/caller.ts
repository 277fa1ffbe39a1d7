import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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

const RATE = 24_000;
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

interface Espeak {
  set_voice(name: string): number;
  synthesize(text: string, tell: (audio: ArrayBuffer | null) => void): void;
}

/** Speech of a synthetic voice, at the caller's rate. */
export async function speech(text: string): Promise<Int16Array> {
  const require = createRequire(import.meta.url);
  const folder = require.resolve('@echogarden/espeak-ng-emscripten/package.json').replace('package.json', '');
  const { default: load } = (await import(`${folder}espeak-ng.js`)) as {
    default: (options: object) => Promise<{ eSpeakNGWorker: new () => Espeak }>;
  };
  const data = readFileSync(`${folder}espeak-ng.data`);
  const options = {
    getPreloadedPackage: () => data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
  };
  const espeak = new (await load(options)).eSpeakNGWorker();
  espeak.set_voice('en-us');
  const parts: Int16Array[] = [];
  espeak.synthesize(text, (audio) => {
    if (audio) parts.push(new Int16Array(audio.slice(0)));
  });
  return resampled(
    parts.flatMap((part) => [...part]),
    22_050,
  );
}

/** A short loud noise that is no speech. */
export function noise(milliseconds: number): Int16Array {
  return Int16Array.from({ length: (RATE * milliseconds) / 1000 }, () => (Math.random() - 0.5) * 20_000);
}

function resampled(samples: readonly number[], rate: number): Int16Array {
  const length = Math.floor((samples.length * RATE) / rate);
  return Int16Array.from({ length }, (_, index) => {
    const place = (index * rate) / RATE;
    const before = samples[Math.floor(place)] ?? 0;
    const after = samples[Math.floor(place) + 1] ?? before;
    return before + (after - before) * (place % 1);
  });
}
