import { embedded } from './embedded/embedded.provider.ts';
import { openAiCompatible } from './openai/openai.provider.ts';
import type { SpeechProvider } from './port.ts';
import { sherpa } from './sherpa/sherpa.provider.ts';

/** Every way to hear and to speak; a new one is one line here. */
const all: readonly SpeechProvider[] = [
  embedded as SpeechProvider,
  sherpa as SpeechProvider,
  openAiCompatible as SpeechProvider,
];

export const speechProviders: ReadonlyMap<string, SpeechProvider> = new Map(
  all.map((provider) => [provider.name, provider]),
);
