import { APIConnectionError, inference, initializeLogger, stt } from '@livekit/agents';
import { AudioFrame, dispose } from '@livekit/rtc-node';
import { concatPcm, silence, synthesize } from '@parley/testing';
import type { Recognition, Recognizer, Utterance } from './port.ts';
import { VoiceStt } from './voice-stt.ts';

const connection = { maxRetry: 1, retryIntervalMs: 1, timeoutMs: 1000 };

/** Tells how long an utterance was, and fails as it is told. */
class LengthRecognizer implements Recognizer {
  readonly sampleRate = 16_000;
  readonly closedList = false;
  failures = 0;
  rejects = false;

  constructor(readonly label: string) {}

  begin(onPartial?: (text: string) => void): Utterance {
    let samples = 0;
    return {
      push: (pcm) => {
        samples += pcm.length;
        onPartial?.(`${this.label} …`);
      },
      finish: async () => {
        if (this.failures > 0) {
          this.failures -= 1;
          throw new APIConnectionError({ message: `${this.label} is down` });
        }
        const text = this.rejects ? '' : `${this.label} heard ${Math.round(samples / 1600)}`;
        return { text, confidence: null, rejected: this.rejects, language: 'en-US' };
      },
      cancel: () => undefined,
    };
  }

  async close(): Promise<void> {}
}

function frames(pcm: Int16Array, sampleRate: number): AudioFrame[] {
  const size = sampleRate / 50;
  return Array.from(
    { length: Math.floor(pcm.length / size) },
    (_, index) => new AudioFrame(pcm.slice(index * size, (index + 1) * size), sampleRate, 1, size),
  );
}

describe('VoiceStt', () => {
  let speech: Int16Array;
  let vad: inference.VAD;
  beforeAll(async () => {
    initializeLogger({ pretty: false, level: 'silent' });
    vad = new inference.VAD({ model: 'silero' });
    const question = await synthesize('Where is my package? I wait for it since Monday.');
    speech = concatPcm([
      silence(500, 24_000),
      question,
      silence(1500, 24_000),
      question,
      silence(1500, 24_000),
    ]);
  }, 60_000);
  // Native audio keeps a process alive until it is told to end.
  afterAll(() => dispose());

  /** Lets the whole recording be heard, and stays until `isEnough`. */
  async function listen(
    voice: VoiceStt,
    isEnough: (events: stt.SpeechEvent[]) => boolean,
  ): Promise<stt.SpeechEvent[]> {
    const stream = voice.stream();
    for (const frame of frames(speech, 24_000)) stream.pushFrame(frame);
    const events: stt.SpeechEvent[] = [];
    const timer = setTimeout(() => stream.close(), 30_000);
    for await (const event of stream) {
      events.push(event);
      if (isEnough(events)) break;
    }
    clearTimeout(timer);
    stream.close();
    return events;
  }
  const finals = (count: number) => (events: stt.SpeechEvent[]) =>
    texts(events, stt.SpeechEventType.FINAL_TRANSCRIPT).length >= count;
  const ends = (count: number) => (events: stt.SpeechEvent[]) =>
    events.filter(({ type }) => type === stt.SpeechEventType.END_OF_SPEECH).length >= count;

  const texts = (events: stt.SpeechEvent[], type: stt.SpeechEventType): string[] =>
    events.filter((event) => event.type === type).map((event) => event.alternatives?.[0].text ?? '');

  it('recognises a whole recording at the rate its recogniser takes', async () => {
    const voice = new VoiceStt({ recognizers: [new LengthRecognizer('first')] });
    const event = await voice.recognize(frames(silence(1000, 48_000), 48_000));
    expect(event.alternatives?.[0].text).toBe('first heard 10');
    expect(voice.capabilities.streaming).toBe(false);
  });

  it('finds utterances in a stream, tells what is heard so far, and ends each with one transcript', async () => {
    const heard: Recognition[] = [];
    const voice = new VoiceStt({
      recognizers: [new LengthRecognizer('first')],
      vad,
      onRecognition: (recognition) => heard.push(recognition),
    });
    const events = await listen(voice, finals(2));
    expect(texts(events, stt.SpeechEventType.FINAL_TRANSCRIPT)).toEqual(heard.map(({ text }) => text));
    expect(heard.length).toBeGreaterThanOrEqual(2);
    expect(texts(events, stt.SpeechEventType.INTERIM_TRANSCRIPT)).toContain('first …');
    const kinds = events.filter(({ type }) => type !== stt.SpeechEventType.INTERIM_TRANSCRIPT);
    expect(kinds.slice(0, 3).map(({ type }) => type)).toEqual([
      stt.SpeechEventType.START_OF_SPEECH,
      stt.SpeechEventType.END_OF_SPEECH,
      stt.SpeechEventType.FINAL_TRANSCRIPT,
    ]);
  }, 60_000);

  it('lets the next recogniser hear an utterance from its start when one fails', async () => {
    const [first, second] = [new LengthRecognizer('first'), new LengthRecognizer('second')];
    first.failures = 99;
    const warnings: string[] = [];
    const voice = new VoiceStt({
      recognizers: [first, second],
      vad,
      connection,
      onWarning: ({ failed, next }) => warnings.push(`${failed} ${next}`),
    });
    const heard = texts(await listen(voice, finals(2)), stt.SpeechEventType.FINAL_TRANSCRIPT);
    expect(heard).toHaveLength(2);
    for (const text of heard) expect(Number(/^second heard (\d+)$/.exec(text)?.[1])).toBeGreaterThan(10);
    expect(warnings).toEqual(['first second']);
  }, 60_000);

  it('tells of speech that was not understood, which has no transcript', async () => {
    const only = new LengthRecognizer('only');
    only.rejects = true;
    const heard: Recognition[] = [];
    const voice = new VoiceStt({ recognizers: [only], vad, onRecognition: (each) => heard.push(each) });
    expect(texts(await listen(voice, ends(2)), stt.SpeechEventType.FINAL_TRANSCRIPT)).toEqual([]);
    expect(heard[0]).toMatchObject({ rejected: true, text: '' });
  }, 60_000);

  it('outlives an utterance that nobody could hear', async () => {
    const only = new LengthRecognizer('only');
    only.failures = 2;
    const warnings: (string | null)[] = [];
    const voice = new VoiceStt({
      recognizers: [only],
      vad,
      connection,
      onWarning: ({ next }) => warnings.push(next),
    });
    const heard = texts(await listen(voice, finals(1)), stt.SpeechEventType.FINAL_TRANSCRIPT);
    expect(warnings).toEqual([null]);
    expect(heard).toHaveLength(1);
  }, 60_000);
});
