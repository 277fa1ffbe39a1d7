import { GuardedFetch } from '@parley/service/plain';
import { SpeechKit } from '../speech/speech-kit.ts';
import type { SpeechSource } from './call-parts.ts';
import type { JobConfig } from './job-config.ts';
import { phrasesOf } from './phrases.ts';

/** Ears and voices of a job process from the speech providers; made once, with its first use. */
export function kitSpeech(): SpeechSource {
  let made: SpeechKit | null = null;
  const kitOf = (config: JobConfig): SpeechKit =>
    (made ??= new SpeechKit(config, new GuardedFetch(config.EGRESS_ALLOW).fetch));
  return {
    warm: (config) => kitOf(config).warm(),
    open: async ({ profile, config, logger, vad, heard }) => {
      const { stt, tts, refused } = await kitOf(config).open({
        agentVoice: profile.voice,
        vad,
        onRecognition: ({ rejected, phrase }) => heard({ rejected, phraseId: phrase?.id ?? null }),
        onWarning: ({ error, ...warning }) => {
          logger.warn({ err: error, ...warning }, 'Speech provider failed');
          // What nobody could hear is asked for again: a caller must not wait for an answer to it.
          if (warning.half === 'stt' && warning.next === null) heard({ rejected: true, phraseId: null });
        },
      });
      for (const error of refused) logger.warn({ err: error }, 'Speech provider unusable');
      await stt.setPhrases(phrasesOf(profile));
      return {
        stt,
        tts,
        learn: (now) => stt.setPhrases(phrasesOf(now)),
        close: async () => void (await Promise.all([stt.close(), tts.close()])),
      };
    },
  };
}
