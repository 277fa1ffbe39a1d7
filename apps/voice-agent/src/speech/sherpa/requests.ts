import type { TransducerFiles, VoiceFiles } from './model-files.ts';

/** What the worker is asked; an utterance has a number of its own. */
export type SherpaRequest =
  | { readonly kind: 'load-stt'; readonly files: TransducerFiles }
  | { readonly kind: 'load-tts'; readonly files: VoiceFiles }
  | {
      readonly kind: 'push';
      readonly files: TransducerFiles;
      readonly utterance: number;
      /** At 16 kHz. */
      readonly pcm: Int16Array;
    }
  | { readonly kind: 'finish'; readonly utterance: number }
  | { readonly kind: 'cancel'; readonly utterance: number }
  | {
      readonly kind: 'speak';
      readonly files: VoiceFiles;
      readonly text: string;
      readonly speaker: number;
      readonly speed: number;
    };
