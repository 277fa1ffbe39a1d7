import { APIConnectionError, initializeLogger } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import type { Heard, SpeechWish } from './call-parts.ts';
import { readJobConfig } from './job-config.ts';
import { kitSpeech } from './kit-speech.ts';

describe('Speech of a call', () => {
  it('asks to repeat what no recogniser could hear', async () => {
    initializeLogger({ pretty: false, level: 'silent' });
    const heard: Heard[] = [];
    const warnings: object[] = [];
    const config = readJobConfig({
      ...{ NATS_URL: 'nats://127.0.0.1:1', NATS_USER: 'voice-agent', NATS_PASSWORD: 'x' },
      ...{ LIVEKIT_URL: 'ws://127.0.0.1:1', LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 'x'.repeat(32) },
      // No address outside: the guard of outgoing requests refuses it.
      ...{ VOICE_STT: 'openai-compatible', VOICE_OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
    });
    const { stt, close } = await kitSpeech().open({
      config,
      profile: { voice: null, choices: [], suggestedQuestions: [], costly: false },
      logger: { warn: (fields: object) => warnings.push(fields) },
      heard: (one: Heard) => heard.push(one),
    } as unknown as SpeechWish);
    const second = new AudioFrame(new Int16Array(16_000), 16_000, 1, 16_000);
    await expect(stt.recognize(second)).rejects.toThrow(APIConnectionError);
    expect(heard).toEqual([{ rejected: true, phraseId: null }]);
    expect(warnings).toEqual([expect.objectContaining({ half: 'stt', next: null, err: expect.any(Error) })]);
    await close();
  });
});
