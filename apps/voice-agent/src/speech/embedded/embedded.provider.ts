import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';
import { type SpeechProvider, SpeechSetupError, type SpeechTools } from '../port.ts';
import { workerScript } from '../worker-calls.ts';
import { EmbeddedRecognizer } from './embedded-recognizer.ts';
import { EmbeddedSynthesizer } from './embedded-synthesizer.ts';
import type { Engines } from './phrase-list.ts';

const settings = z.object({
  /** A voice of espeak-ng such as `en-us+f3`; without one the language's own. */
  voice: z.string().optional(),
  language: z.string().default('en-US'),
  speed: z.number().min(0.5).max(2).default(1),
});

type EmbeddedSettings = z.infer<typeof settings>;

const packages = { stt: 'soundswallower', tts: '@echogarden/espeak-ng-emscripten' } as const;

/**
 * Needs no key and no download. It hears one of the phrases it was given, in US English, and no free speech; it speaks
 * with a synthetic voice that is plainly a machine's.
 */
export const embedded: SpeechProvider<EmbeddedSettings> = {
  name: 'embedded',
  settings,
  read: (_environment, { voice, language, speed }) => ({ voice, language, speed }),
  check: async ({ language }, half) => {
    const name = packages[half];
    if (!isInstalled(name))
      throw new SpeechSetupError('embedded', `the package ${name} is missing. Run "npm install".`);
    if (half === 'stt' && !/^en(-US)?$/i.test(language)) {
      const mend = 'Choose language en-US, or another provider to hear with.';
      throw new SpeechSetupError('embedded', `it recognises US English only, not ${language}. ${mend}`);
    }
  },
  stt: (_settings, tools) => new EmbeddedRecognizer(enginesOf(tools)),
  tts: ({ voice, language, speed }, tools) =>
    new EmbeddedSynthesizer(enginesOf(tools).synthesizer, { voices: voicesOf(voice, language), speed }),
};

function enginesOf({ engine }: SpeechTools): Engines {
  return {
    recognizer: engine('recogniser', workerScript('recognizer.worker', import.meta.url)),
    synthesizer: engine('voice', workerScript('synthesizer.worker', import.meta.url)),
  };
}

/** A voice given by name stands alone; a language is tried whole, then without its region. */
function voicesOf(voice: string | undefined, language: string): string[] {
  if (voice !== undefined) return [voice];
  const whole = language.toLowerCase();
  return [...new Set([whole, whole.split('-', 1)[0] ?? whole])];
}

function isInstalled(name: string): boolean {
  try {
    return existsSync(createRequire(import.meta.url).resolve(name));
  } catch {
    return false;
  }
}
