import { chooseSpeech } from './choose-speech.ts';

const environment = {
  VOICE_STT: 'embedded',
  VOICE_TTS: 'embedded',
  VOICE_OPENAI_BASE_URL: 'http://127.0.0.1/v1',
};
const names = (choices: readonly { provider: { name: string } }[]): string[] =>
  choices.map(({ provider }) => provider.name);

describe('chooseSpeech', () => {
  it('takes the environment’s providers when nobody says anything', () => {
    const plan = chooseSpeech({ environment });
    expect([names(plan.stt), names(plan.tts)]).toEqual([['embedded'], ['embedded']]);
  });

  it('asks the agent, then its fallbacks, then the space, then the environment, each provider once', () => {
    const plan = chooseSpeech({
      agentVoice: { stt: 'openai-compatible', fallbacks: ['sherpa', 'embedded'] },
      spaceVoice: { stt: 'sherpa', tts: 'openai-compatible', fallbacks: ['embedded'] },
      environment,
    });
    expect(names(plan.stt)).toEqual(['openai-compatible', 'sherpa', 'embedded']);
    expect(names(plan.tts)).toEqual(['openai-compatible', 'sherpa', 'embedded']);
  });

  it('gives voice and models to the provider they are meant for alone; language and pace to all', () => {
    const plan = chooseSpeech({
      agentVoice: { tts: 'openai-compatible', voice: 'nova', language: 'de-DE', fallbacks: ['embedded'] },
      spaceVoice: { speed: 1.5, ttsModel: 'not for the agent' },
      environment,
    });
    expect(plan.tts.map(({ settings }) => settings)).toMatchObject([
      { voice: 'nova', language: 'de-DE', speed: 1.5, ttsModel: 'tts-1' },
      { voice: undefined, language: 'de-DE', speed: 1.5 },
    ]);
    const general = chooseSpeech({ agentVoice: { voice: 'en-us+f3' }, environment });
    expect(general.tts[0]?.settings).toMatchObject({ voice: 'en-us+f3' });
  });

  it('says what cannot be chosen and goes on with the rest', () => {
    const plan = chooseSpeech({
      agentVoice: { stt: 'siri', tts: 'sherpa', voice: 'amy' },
      environment,
    });
    expect([names(plan.stt), names(plan.tts)]).toEqual([['embedded'], ['embedded']]);
    expect(plan.refused.map(({ message }) => message)).toEqual([
      'The speech provider "siri" cannot be used: there is none of this name. There are: embedded, sherpa, openai-compatible.',
      expect.stringContaining('is not the number of a speaker') as string,
    ]);
  });
});
