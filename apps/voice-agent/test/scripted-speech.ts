import { voice as agentsVoice, stt, tts } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import type { SpeechSource } from '../src/worker/call-parts.ts';

const RATE = 24_000;
/** Every word of the scripted voice takes as long as every other. */
export const WORD_MS = 200;

/** Speaks in tones: one for each word, with the times of words. */
class ToneVoice extends tts.TTS {
  override label = 'tones';

  constructor() {
    super(RATE, 1, { streaming: false, alignedTranscript: true });
  }

  override synthesize(text: string): tts.ChunkedStream {
    return new Tones(text, this);
  }

  override stream(): tts.SynthesizeStream {
    throw new Error('The scripted voice says whole sentences.');
  }
}

class Tones extends tts.ChunkedStream {
  override label = 'tones';

  protected override async run(): Promise<void> {
    const words = this.inputText.split(/\s+/).filter(Boolean);
    const samples = (RATE * WORD_MS) / 1000;
    words.forEach((word, index) => {
      const data = new Int16Array(samples);
      // A short silence between words, as in speech.
      for (let at = 0; at < samples * 0.9; at += 1)
        data[at] = Math.round(9000 * Math.sin((2 * Math.PI * (400 + 30 * (index % 8)) * at) / RATE));
      const startTime = (index * WORD_MS) / 1000;
      this.queue.put({
        requestId: 'tones',
        segmentId: 'tones',
        frame: new AudioFrame(data, RATE, 1, samples),
        final: index === words.length - 1,
        timedTranscripts: [
          agentsVoice.createTimedString({ text: word, startTime, endTime: startTime + WORD_MS / 1000 }),
        ],
      });
    });
  }
}

/** Understands "question 1", "question 2" … in the order it hears speech; the shortest sounds are not understood. */
class CountingEars extends stt.STT {
  override label = 'counting';
  private heard = 0;

  constructor() {
    super({ streaming: false, interimResults: false });
  }

  protected override async _recognize(buffer: AudioFrame | AudioFrame[]): Promise<stt.SpeechEvent> {
    const frames = Array.isArray(buffer) ? buffer : [buffer];
    const seconds = frames.reduce((sum, frame) => sum + frame.samplesPerChannel / frame.sampleRate, 0);
    const text = seconds < 1.2 ? '' : `question ${(this.heard += 1)}`;
    return {
      type: stt.SpeechEventType.FINAL_TRANSCRIPT,
      alternatives: [
        { language: 'en' as stt.SpeechData['language'], text, startTime: 0, endTime: 0, confidence: 0.9 },
      ],
    };
  }

  override stream(): stt.SpeechStream {
    throw new Error('The scripted ears take whole utterances.');
  }
}

/** Ears and voice without any model. */
export const scriptedSpeech: SpeechSource = {
  warm: async () => undefined,
  open: async () => ({
    stt: new CountingEars(),
    tts: new ToneVoice(),
    learn: async () => undefined,
    close: async () => undefined,
  }),
};
