import { APIConnectionError, initializeLogger, tts } from '@livekit/agents';
import type { SpeechWarning } from './fallback.ts';
import type { SpeechChunk, Synthesizer } from './port.ts';
import { VoiceTts } from './voice-tts.ts';

const connection = { maxRetry: 2, retryIntervalMs: 1, timeoutMs: 1000 };

/** Says 10 ms for each character, and fails as it is told. */
class ToneVoice implements Synthesizer {
  readonly said: string[] = [];
  failures = 0;
  retryable = true;
  hangs = false;

  constructor(
    readonly label: string,
    private readonly timed = true,
  ) {}

  async *synthesize(text: string, signal: AbortSignal): AsyncGenerator<SpeechChunk, void> {
    this.said.push(text);
    if (this.failures > 0) {
      this.failures -= 1;
      throw new APIConnectionError({
        message: `${this.label} is down`,
        options: { retryable: this.retryable },
      });
    }
    if (this.hangs) await new Promise<never>(() => undefined);
    let at = 0;
    for (const word of text.match(/\S+\s*/g) ?? []) {
      signal.throwIfAborted();
      const pcm = new Int16Array(word.length * 240).fill(1000);
      const words = this.timed ? { words: [{ text: word, startMs: at, endMs: at + word.length * 10 }] } : {};
      at += word.length * 10;
      yield { pcm, ...words };
    }
  }

  async close(): Promise<void> {}
}

async function say(
  voice: VoiceTts,
  pieces: string[],
): Promise<{ samples: number; words: string; starts: number[] }> {
  const stream = voice.stream();
  for (const piece of pieces) stream.pushText(piece);
  stream.endInput();
  const heard = { samples: 0, words: '', starts: [] as number[] };
  for await (const audio of stream) {
    if (audio === tts.SynthesizeStream.END_OF_STREAM) break;
    heard.samples += audio.frame.samplesPerChannel;
    for (const { text, startTime } of audio.timedTranscripts ?? []) {
      heard.words += text;
      heard.starts.push(startTime ?? -1);
    }
  }
  return heard;
}

describe('VoiceTts', () => {
  beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

  it('speaks text that arrives in pieces clause by clause, its words timed over the whole', async () => {
    const voice = new ToneVoice('first');
    const text = 'Good morning to you. It costs $20.50 today, Dr. Smith! Is that all? ';
    const heard = await say(new VoiceTts({ synthesizers: [voice] }), text.match(/.{1,7}/gs) ?? []);
    expect(voice.said.join('')).toBe(text);
    expect(voice.said.length).toBeGreaterThanOrEqual(3);
    expect(heard.words).toBe(text);
    expect(heard.samples).toBe(text.length * 240);
    expect(heard.starts).toEqual([...heard.starts].sort((a, b) => a - b));
    expect(heard.starts.at(-1)).toBeCloseTo((text.length - 'all? '.length) / 100, 2);
  });

  it('gives clauses as they stand where a voice times no words', async () => {
    const voice = new ToneVoice('first', false);
    const heard = await say(new VoiceTts({ synthesizers: [voice] }), ['One sentence. ', 'Another one.']);
    expect(heard.words).toBe('One sentence. Another one.');
    expect(heard.starts).toEqual([0, 0.14]);
  });

  it('goes on with the next voice for the rest of the call when one fails for good', async () => {
    const [first, second] = [new ToneVoice('first'), new ToneVoice('second')];
    const warnings: SpeechWarning[] = [];
    const voice = new VoiceTts({
      synthesizers: [first, second],
      connection,
      onWarning: (warning) => warnings.push(warning),
    });
    first.failures = 1;
    expect((await say(voice, ['Hello.'])).words).toBe('Hello.');
    expect(voice.provider).toBe('first');
    first.failures = 9;
    expect((await say(voice, ['Hello. ', 'And bye.'])).words).toBe('Hello. And bye.');
    first.failures = 0;
    await say(voice, ['Again.']);
    expect(first.said.filter((text) => text === 'Again.')).toEqual([]);
    expect(warnings).toMatchObject([{ half: 'tts', failed: 'first', next: 'second' }]);
  });

  it('goes on with the next voice when one hangs', async () => {
    const [first, second] = [new ToneVoice('first'), new ToneVoice('second')];
    const warnings: SpeechWarning[] = [];
    const voice = new VoiceTts({
      synthesizers: [first, second],
      connection,
      onWarning: (warning) => warnings.push(warning),
      patienceMs: 50,
    });
    first.hangs = true;
    expect((await say(voice, ['Hello. ', 'And bye.'])).words).toBe('Hello. And bye.');
    expect(voice.provider).toBe('second');
    expect(warnings).toMatchObject([{ failed: 'first', next: 'second', error: { name: 'APITimeoutError' } }]);
  });

  it('says so when no voice is left, and a text alone then has no sound', async () => {
    const first = new ToneVoice('first');
    const voice = new VoiceTts({ synthesizers: [first], connection });
    const errors: string[] = [];
    voice.on('error', ({ error }) => errors.push(error.message));
    first.failures = 99;
    first.retryable = false;
    expect(await say(voice, ['Hello.'])).toMatchObject({ samples: 0 });
    let frames = 0;
    for await (const _audio of voice.synthesize('Hello.')) frames += 1;
    expect(frames).toBe(0);
    expect(errors).toEqual(['first is down', 'first is down']);
    first.failures = 0;
    expect(await say(voice, ['Hello.'])).toMatchObject({ words: 'Hello.' });
  });

  it('stops with its stream', async () => {
    const voice = new VoiceTts({ synthesizers: [new ToneVoice('first')] });
    const stream = voice.stream();
    stream.pushText('A long sentence is being said. '.repeat(200));
    stream.flush();
    await stream.next();
    stream.close();
    expect(stream.abortSignal.aborted).toBe(true);
    const whole = await voice.synthesize('Hello there.').collect();
    expect(whole.samplesPerChannel).toBe('Hello there.'.length * 240);
  });
});
