import { createRequire } from 'node:module';
import { z } from 'zod';
import { type SpeechProvider, SpeechSetupError, type SpeechTools } from '../port.ts';
import { workerScript } from '../worker-calls.ts';
import { findModel } from './model-files.ts';
import { SherpaRecognizer } from './sherpa-recognizer.ts';
import { SherpaSynthesizer } from './sherpa-synthesizer.ts';

const PACKAGE = 'sherpa-onnx-node@1.13.8';

const settings = z.object({
  folder: z.string().default(''),
  sttModel: z.string().default('zipformer-en-20m'),
  ttsModel: z.string().default('piper-en-us-amy'),
  /** Number of a speaker, where a model has several. */
  voice: z
    .string()
    .regex(/^\d{1,4}$/, 'is not the number of a speaker, which is what sherpa calls a voice')
    .default('0'),
  language: z.string().default('en-US'),
  speed: z.number().min(0.5).max(2).default(1),
});

export type SherpaSettings = z.infer<typeof settings>;

/** Free speech and natural voices on this machine, with models that are pulled on request. */
export const sherpa: SpeechProvider<SherpaSettings> = {
  name: 'sherpa',
  settings,
  read: (environment, { sttModel, ttsModel, voice, language, speed }) => ({
    folder: environment.VOICE_MODELS,
    sttModel,
    ttsModel,
    voice,
    language,
    speed,
  }),
  check: async ({ folder, sttModel, ttsModel }, half) => {
    const refuse = (message: string): never => {
      throw new SpeechSetupError('sherpa', message);
    };
    if (!isInstalled()) refuse(`its package is missing. Run "npm install --no-save ${PACKAGE}".`);
    const name = half === 'stt' ? sttModel : ttsModel;
    const pull = `npx parley voice-models pull ${name}`;
    if (folder === '')
      refuse(`no folder of models is set. Run "${pull}" and set VOICE_MODELS to the folder it names.`);
    if (!(await findModel(folder, name, half)))
      refuse(`the model ${name} is not in ${folder}, or not whole. Run "${pull} --folder ${folder}".`);
  },
  stt: (given, tools) => new SherpaRecognizer(given, engineOf('sherpa recogniser', tools)),
  tts: (given, tools) => new SherpaSynthesizer(given, engineOf('sherpa voice', tools)),
};

function engineOf(name: string, { engine }: SpeechTools): ReturnType<SpeechTools['engine']> {
  return engine(name, workerScript('sherpa.worker', import.meta.url));
}

function isInstalled(): boolean {
  try {
    return createRequire(import.meta.url).resolve('sherpa-onnx-node') !== '';
  } catch {
    return false;
  }
}
