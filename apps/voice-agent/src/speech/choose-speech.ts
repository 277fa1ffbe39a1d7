import type { VoiceSettings } from '@parley/contracts';
import { type SpeechEnvironment, type SpeechProvider, SpeechSetupError } from './port.ts';
import { speechProviders } from './registry.ts';

export type SpeechHalf = 'stt' | 'tts';

/** A provider with what it was told, ready to be made. */
export interface SpeechChoice {
  readonly provider: SpeechProvider;
  readonly settings: unknown;
}

/** The providers of a call in the order in which they are tried. */
export interface SpeechPlan {
  readonly stt: readonly SpeechChoice[];
  readonly tts: readonly SpeechChoice[];
  /** What was asked for but cannot be used, and why. */
  readonly refused: readonly SpeechSetupError[];
}

export interface SpeechWishes {
  readonly agentVoice?: VoiceSettings | null | undefined;
  readonly spaceVoice?: VoiceSettings | null | undefined;
  readonly environment: SpeechEnvironment;
}

/**
 * The agent's voice decides, then the space's, then the environment's; the fallbacks named come behind the first choice,
 * then what the space and the environment would have chosen. Language and pace that an agent leaves out its space may say.
 */
export function chooseSpeech(wishes: SpeechWishes): SpeechPlan {
  const refused: SpeechSetupError[] = [];
  const plan = (half: SpeechHalf): SpeechChoice[] => {
    const choices = new Map<string, SpeechChoice>();
    for (const { name, voice } of wishedFor(half, wishes)) {
      if (choices.has(name)) continue;
      try {
        choices.set(name, choiceOf(half, { name, voice, environment: wishes.environment }));
      } catch (error) {
        if (!(error instanceof SpeechSetupError)) throw error;
        refused.push(error);
      }
    }
    return [...choices.values()];
  };
  return { stt: plan('stt'), tts: plan('tts'), refused };
}

interface Wish {
  readonly name: string;
  readonly voice: VoiceSettings;
}

function wishedFor(half: SpeechHalf, { agentVoice, spaceVoice, environment }: SpeechWishes): Wish[] {
  const general = { ...spaceVoice, ...agentVoice };
  const shared = pick(general, ['language', 'speed']);
  const wishes: Wish[] = [];
  for (const voice of [agentVoice, spaceVoice]) {
    if (!voice) continue;
    if (voice[half] !== undefined) wishes.push({ name: voice[half], voice: { ...shared, ...voice } });
  }
  const last = half === 'stt' ? environment.VOICE_STT : environment.VOICE_TTS;
  // Nobody named a provider: then it is the environment's that voice and models are meant for.
  wishes.push({ name: last, voice: wishes.length > 0 ? shared : general });
  // A fallback is another provider: it has no voice and no model of the first one's name.
  const named = [...(agentVoice?.fallbacks ?? []), ...(spaceVoice?.fallbacks ?? [])];
  wishes.splice(1, 0, ...named.map((name) => ({ name, voice: shared })));
  return wishes;
}

function pick(voice: VoiceSettings, keys: readonly ('language' | 'speed')[]): VoiceSettings {
  return Object.fromEntries(keys.filter((key) => voice[key] !== undefined).map((key) => [key, voice[key]]));
}

function choiceOf(
  half: SpeechHalf,
  { name, voice, environment }: Wish & { environment: SpeechEnvironment },
): SpeechChoice {
  const provider = speechProviders.get(name);
  const known = [...speechProviders.keys()].join(', ');
  if (!provider) throw new SpeechSetupError(name, `there is none of this name. There are: ${known}.`);
  if (!provider[half])
    throw new SpeechSetupError(name, half === 'stt' ? 'it cannot hear.' : 'it cannot speak.');
  const parsed = provider.settings.safeParse(provider.read(environment, voice));
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    throw new SpeechSetupError(name, `${first?.path.join('.') ?? 'its settings'}: ${first?.message ?? ''}`);
  }
  return { provider, settings: parsed.data };
}
