import { inspect } from 'node:util';
import { initializeLogger } from '@livekit/agents';
import { GuardedFetch } from '@parley/service';
import { type OpenAiAudioServer, rms, startOpenAiAudioServer, synthesize } from '@parley/testing';
import { AudioFrame } from '@livekit/rtc-node';
import type { SpeechWarning } from '../fallback.ts';
import { joinPcm } from '../pcm.ts';
import type { Recognition, SpeechChunk, SpeechEnvironment } from '../port.ts';
import { type CallSpeech, type Speech, SpeechKit } from '../speech-kit.ts';
import { AudioApi } from './audio-api.ts';

const KEY = 'sk-very-secret-key';
const connection = { maxRetry: 2, retryIntervalMs: 5, timeoutMs: 1000 };
const never = new AbortController().signal;

describe('the OpenAI-compatible provider', () => {
  let server: OpenAiAudioServer;
  let question: Int16Array;
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    initializeLogger({ pretty: false, level: 'silent' });
    question = await synthesize('How do I add a channel?', { sampleRate: 16_000 });
  }, 60_000);
  beforeEach(async () => {
    server = await startOpenAiAudioServer({ apiKey: KEY });
  });
  afterEach(async () => {
    await Promise.all([...open.splice(0), server].map((each) => each.close()));
  });

  async function speech(
    over: Partial<SpeechEnvironment> = {},
    call: CallSpeech = {},
    allow = '127.0.0.0/8',
  ): Promise<Speech> {
    const guard = new GuardedFetch(allow);
    const environment: SpeechEnvironment = {
      VOICE_STT: 'openai-compatible',
      VOICE_TTS: 'openai-compatible',
      VOICE_OPENAI_BASE_URL: server.baseUrl,
      VOICE_OPENAI_API_KEY: KEY,
      ...over,
    };
    const kit = new SpeechKit(environment, guard.fetch);
    open.push(guard, kit);
    return kit.open({ connection, ...call });
  }

  function hear({ stt }: Speech, signal = never, onPartial?: (text: string) => void): Promise<Recognition> {
    const utterance = stt.begin(onPartial);
    utterance.push(new AudioFrame(question, 16_000, 1, question.length));
    return utterance.finish(signal);
  }

  async function speak({ tts }: Speech, text: string, signal = never): Promise<Int16Array> {
    const chunks: SpeechChunk[] = [];
    for await (const chunk of tts.speak(text, signal)) chunks.push(chunk);
    return joinPcm(chunks.map(({ pcm }) => pcm));
  }

  it('sends an utterance as WAV with model, language and key, and gives what is heard as it comes', async () => {
    server.enqueueReplies({ kind: 'text', pieces: ['How do I ', 'add a ', 'channel?'] });
    const partial: string[] = [];
    const own = await speech({ VOICE_OPENAI_STT_MODEL: 'whisper-large' });
    const heard = await hear(own, never, (text) => partial.push(text));
    expect(heard).toMatchObject({ text: 'How do I add a channel?', rejected: false, confidence: null });
    expect(partial).toEqual(['How do I', 'How do I add a', 'How do I add a channel?']);
    const [request] = server.requests;
    expect(request).toMatchObject({ authorization: `Bearer ${KEY}`, path: '/v1/audio/transcriptions' });
    expect(request?.fields).toMatchObject({ model: 'whisper-large', language: 'en', stream: 'true' });
    expect(request?.audio?.sampleRate).toBe(16_000);
    expect(request?.audio?.pcm).toEqual(question);
  });

  it('gets along with a server that cannot stream, and asks it no more', async () => {
    server.enqueueReplies({ kind: 'no-stream', text: 'Hello.' });
    const own = await speech();
    expect((await hear(own)).text).toBe('Hello.');
    expect((await hear(own)).text).toBe('Hello.');
    expect(server.requests.map(({ fields }) => fields['stream'])).toEqual(['true', undefined, undefined]);
  });

  it('speaks as the audio comes, with the agent’s voice, model and pace', async () => {
    const own = await speech({}, { agentVoice: { voice: 'nova', ttsModel: 'kokoro', speed: 1.2 } });
    const pcm = await synthesize('Good morning.');
    server.enqueueReplies({ kind: 'speech', pcm });
    expect(await speak(own, 'Good morning.')).toEqual(pcm);
    expect(server.requests[0]?.fields).toEqual({
      model: 'kokoro',
      voice: 'nova',
      speed: 1.2,
      input: 'Good morning.',
      response_format: 'pcm',
    });
    server.enqueueReplies({ kind: 'speech', pcm, as: 'wav' });
    expect((await speak(own, 'Good morning.')).length).toBe(pcm.length);
    expect(await speak(own, ' … ')).toHaveLength(0);
  });

  it('is heard by the server that it spoke to', async () => {
    server.addTranscript('How do I add a channel?', question);
    const own = await speech();
    expect((await hear(own)).text).toBe('How do I add a channel?');
    expect(rms(await speak(own, 'Yes.'))).toBeGreaterThan(500);
  });

  it.each([
    ['stt', 429],
    ['stt', 500],
    ['tts', 503],
  ] as const)('tries %s again after status %i', async (half, status) => {
    const own = await speech();
    const good = half === 'stt' ? { kind: 'text' as const, pieces: ['Yes.'] } : { kind: 'speech' as const };
    server.enqueueReplies({ kind: 'error', status }, good);
    if (half === 'stt') expect((await hear(own)).text).toBe('Yes.');
    else expect((await speak(own, 'Yes.')).length).toBeGreaterThan(0);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [{ kind: 'error', status: 401 }, 'see VOICE_OPENAI_API_KEY', 1],
    [{ kind: 'error', status: 404 }, 'VOICE_OPENAI_BASE_URL', 1],
    [{ kind: 'error', status: 500 }, 'status 500', 3],
    [{ kind: 'cut' }, 'was lost', 3],
    [{ kind: 'garbage' }, '', 1],
  ] as const)('gives up after %o and says why', async (reply, message, tries) => {
    const warnings: SpeechWarning[] = [];
    const own = await speech({}, { onWarning: (warning) => warnings.push(warning) });
    server.enqueueReplies(reply);
    const spoken = expect(speak(own, 'Yes.')).rejects;
    await spoken.toMatchObject({ retryable: false, message: expect.stringContaining(message) as string });
    expect(server.requests).toHaveLength(tries);
    await expect(hear(own)).rejects.toMatchObject({ retryable: false });
    expect(warnings.map(({ half, next }) => [half, next])).toEqual([
      ['tts', null],
      ['stt', null],
    ]);
    expect(inspect([warnings, own], { depth: 12, showHidden: false })).not.toContain(KEY);
  });

  it.each([{ kind: 'silence' }, { kind: 'stall' }] as const)(
    'waits no longer than its time for %o',
    async (reply) => {
      server.enqueueReplies(reply);
      const guard = new GuardedFetch('127.0.0.0/8');
      open.push(guard);
      const api = new AudioApi({ baseUrl: server.baseUrl, key: KEY, timeoutMs: 150 }, guard.fetch);
      const read = async (): Promise<void> => {
        const answer = await api.post('/audio/speech', { body: '{}' }, never);
        for await (const _chunk of answer.chunks());
      };
      await expect(read()).rejects.toMatchObject({ name: 'APITimeoutError', retryable: true });
    },
  );

  it('stops with the call', async () => {
    server.enqueueReplies({ kind: 'silence' });
    const own = await speech();
    const stop = new AbortController();
    const heard = hear(own, stop.signal);
    const spoken = speak(own, 'Yes.', stop.signal);
    stop.abort();
    await expect(heard).rejects.toMatchObject({ name: 'AbortError' });
    await expect(spoken).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('calls no private address that is not listed', async () => {
    const own = await speech({}, {}, '');
    await expect(hear(own)).rejects.toThrow('EGRESS_ALLOW');
    expect(server.requests).toHaveLength(0);
  });

  it('goes on with the next provider in a call, and stays with it', async () => {
    const warnings: SpeechWarning[] = [];
    server.enqueueReplies({ kind: 'error', status: 401 });
    const own = await speech(
      {},
      {
        agentVoice: { stt: 'openai-compatible', fallbacks: ['embedded'] },
        onWarning: (warning) => warnings.push(warning),
      },
    );
    await own.stt.setPhrases([{ id: 'q', kind: 'suggestion', text: 'How do I add a channel?' }]);
    expect(await hear(own)).toMatchObject({ phrase: { id: 'q' } });
    expect(await hear(own)).toMatchObject({ phrase: { id: 'q' } });
    expect((await speak(own, 'Yes.')).length).toBeGreaterThan(0);
    expect(server.requests).toHaveLength(2);
    expect(warnings.map(({ half, failed, next }) => `${half} ${failed} ${next}`)).toEqual([
      'stt openai-compatible embedded',
      'tts openai-compatible embedded',
    ]);
  }, 60_000);

  it('says at set-up what is missing', async () => {
    await expect(speech({ VOICE_OPENAI_BASE_URL: undefined })).rejects.toThrow('Set VOICE_OPENAI_BASE_URL');
    await expect(speech({ VOICE_OPENAI_BASE_URL: 'ftp://x' })).rejects.toThrow('no http or https address');
    const hosted = { VOICE_OPENAI_BASE_URL: 'https://api.openai.com/v1', VOICE_OPENAI_API_KEY: '' };
    await expect(speech(hosted)).rejects.toThrow('Set VOICE_OPENAI_API_KEY');
    const refused = await speech({}, { agentVoice: { stt: 'siri', tts: 'embedded' } });
    expect(refused.refused.map(({ message }) => message)).toEqual([
      expect.stringContaining('There are: embedded, sherpa, openai-compatible'),
    ]);
    expect(refused.stt.provider).toBe('openai-compatible');
    expect(refused.tts.provider).toBe('embedded');
  });
});
