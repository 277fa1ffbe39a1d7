import { ReadableStream } from 'node:stream/web';
import { type tts, voice } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { synthesise } from './synthesis.ts';
import { Timeline } from './timeline.ts';

/** How a speech went. */
export interface Spoken {
  /** What was heard, as the voice says it. */
  heard: string;
  /** Milliseconds of sound before the cut; null when it was said to the end. */
  cutAtMs: number | null;
  /** Whether the caller cut in: otherwise a cut is a failure of the voice, or was asked for. */
  interrupted: boolean;
  firstAudioAt: number | null;
  startedAt: number;
  endedAt: number;
  failure: unknown;
}

/** The parts of an AgentSession with which something is said. */
export interface Talking {
  say(
    text: ReadableStream<string>,
    options: { audio: ReadableStream<AudioFrame>; allowInterruptions: boolean; addToChatCtx: boolean },
  ): voice.SpeechHandle;
  readonly output: { readonly audio: voice.AudioOutput | null };
}

/** Sound kept ready beside what the room has buffered: bounded, and enough for the pauses of a voice far away. */
const AHEAD_MS = 8000;

/** Says one text after another into the room, and knows what was heard of each. */
export class Mouth {
  private readonly session: Talking;
  private readonly voice: tts.TTS;
  private readonly soundStarted: () => void;
  private readonly soundCut: () => void;
  private handle: voice.SpeechHandle | null = null;
  private stopped: AbortController | null = null;

  /** @param told when sound begins to be heard, and when it was cut */
  constructor(session: Talking, ttsVoice: tts.TTS, told: { started: () => void; cut: () => void }) {
    this.session = session;
    this.voice = ttsVoice;
    this.soundStarted = told.started;
    this.soundCut = told.cut;
  }

  /** Ends what is being said at once. */
  stop(): void {
    this.stopped?.abort();
    if (this.handle && !this.handle.done()) this.handle.interrupt(true);
  }

  /** The caller wants no more of it: what was heard stays, as when they cut in aloud. */
  cut(): void {
    if (this.handle?.allowInterruptions && !this.handle.done()) this.handle.interrupt();
  }

  /** Says a text, which may still be growing; resolves when its last sound was played, or cut. */
  async say(text: AsyncIterable<string>, allowInterruptions = true): Promise<Spoken> {
    const stopped = new AbortController();
    const cutter = new AbortController();
    this.stopped = stopped;
    const timeline = new Timeline();
    const playout = new Playout(this.session.output.audio, this.soundStarted);
    const captions = captionStream();
    const failure: { error: unknown } = { error: null };
    const frames = frameStream(
      synthesise({ voice: this.voice, text, timeline, caption: captions.push, signal: cutter.signal }),
      (error) => {
        captions.end();
        if (!cutter.signal.aborted) failure.error = error ?? null;
      },
    );
    const options = { audio: frames, allowInterruptions, addToChatCtx: false };
    const handle = this.session.say(captions.stream, options);
    this.handle = handle;
    try {
      await handle.waitForPlayout();
      if (handle.interrupted) this.soundCut();
    } finally {
      cutter.abort();
      captions.end();
      playout.end();
      this.handle = null;
      this.stopped = null;
    }
    const cut = handle.interrupted || failure.error !== null;
    const positionMs = Math.round(playout.positionMs);
    return {
      heard: cut ? timeline.textAt(positionMs) : timeline.text.trimEnd(),
      cutAtMs: cut ? positionMs : null,
      interrupted: handle.interrupted && !stopped.signal.aborted,
      firstAudioAt: playout.startedAt,
      startedAt: playout.startedAt ?? playout.endedAt,
      endedAt: playout.endedAt,
      failure: failure.error,
    };
  }
}

/** Notes when the sound of one speech began and ended, and how much of it was played. */
class Playout {
  startedAt: number | null = null;
  endedAt = Date.now();
  positionMs = 0;
  private readonly output: voice.AudioOutput | null;
  private readonly told: () => void;

  constructor(output: voice.AudioOutput | null, told: () => void) {
    this.output = output;
    this.told = told;
    output?.on(voice.AudioOutput.EVENT_PLAYBACK_STARTED, this.onStarted);
    output?.on(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, this.onFinished);
  }

  end(): void {
    this.output?.off(voice.AudioOutput.EVENT_PLAYBACK_STARTED, this.onStarted);
    this.output?.off(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, this.onFinished);
    this.endedAt = Date.now();
  }

  private readonly onStarted = ({ createdAt }: voice.PlaybackStartedEvent): void => {
    this.startedAt ??= createdAt;
    this.told();
  };

  private readonly onFinished = ({ playbackPosition }: voice.PlaybackFinishedEvent): void => {
    this.positionMs = playbackPosition * 1000;
  };
}

interface Captions {
  stream: ReadableStream<string>;
  push: (sentence: string) => void;
  end: () => void;
}

function captionStream(): Captions {
  let open = true;
  let sink: { enqueue(text: string): void; close(): void } | null = null;
  const stream = new ReadableStream<string>({
    start: (controller) => {
      sink = controller;
    },
    cancel: () => {
      open = false;
    },
  });
  return {
    stream,
    push: (sentence) => {
      if (open) sink?.enqueue(sentence);
    },
    end: () => {
      if (open) sink?.close();
      open = false;
    },
  };
}

function frameStream(
  frames: AsyncGenerator<AudioFrame>,
  ended: (error?: unknown) => void,
): ReadableStream<AudioFrame> {
  return new ReadableStream<AudioFrame>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await frames.next();
          if (!done) return controller.enqueue(value);
          ended();
          controller.close();
        } catch (error) {
          // What was made before the failure is still to be heard: the stream ends, the caller of say() learns why.
          ended(error);
          controller.close();
        }
      },
      cancel: async () => {
        ended();
        await frames.return(undefined);
      },
    },
    {
      highWaterMark: AHEAD_MS,
      size: (frame) => (frame ? (frame.samplesPerChannel * 1000) / frame.sampleRate : 0),
    },
  );
}
