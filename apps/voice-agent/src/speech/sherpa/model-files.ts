import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of a streaming transducer. */
export interface TransducerFiles {
  readonly encoder: string;
  readonly decoder: string;
  readonly joiner: string;
  readonly tokens: string;
}

/** Files of a voice: Piper's, or Kokoro's where there are styles of speakers. */
export interface VoiceFiles {
  readonly model: string;
  readonly tokens: string;
  readonly dataDir: string;
  readonly voices: string | null;
}

export type ModelFiles<Half extends 'stt' | 'tts'> = Half extends 'stt' ? TransducerFiles : VoiceFiles;

/** The files of a model in the folder of models; null when it is not there or not whole. */
export async function findModel<Half extends 'stt' | 'tts'>(
  folder: string,
  name: string,
  half: Half,
): Promise<ModelFiles<Half> | null> {
  // A name is one folder's, never a path that leads elsewhere.
  if (!/^[\w.-]+$/.test(name) || name.startsWith('.')) return null;
  const root = join(folder, name);
  const files = await readdir(root).catch(() => [] as string[]);
  const found = half === 'stt' ? transducer(files) : voice(files);
  if (!found) return null;
  const paths = Object.entries(found).map(([key, file]) => [key, file === null ? null : join(root, file)]);
  return Object.fromEntries(paths) as ModelFiles<Half>;
}

function transducer(files: readonly string[]): TransducerFiles | null {
  // The small numbers are a third of the size and as good for speech.
  const pick = (part: string): string | undefined => {
    const fitting = files.filter((file) => file.startsWith(part) && file.endsWith('.onnx'));
    return fitting.find((file) => file.includes('.int8.')) ?? fitting[0];
  };
  const [encoder, decoder, joiner] = ['encoder', 'decoder', 'joiner'].map(pick);
  if (!encoder || !decoder || !joiner || !files.includes('tokens.txt')) return null;
  return { encoder, decoder, joiner, tokens: 'tokens.txt' };
}

function voice(files: readonly string[]): VoiceFiles | null {
  const model = files.find((file) => file.endsWith('.onnx'));
  if (!model || !files.includes('tokens.txt') || !files.includes('espeak-ng-data')) return null;
  const voices = files.includes('voices.bin') ? 'voices.bin' : null;
  return { model, tokens: 'tokens.txt', dataDir: 'espeak-ng-data', voices };
}
