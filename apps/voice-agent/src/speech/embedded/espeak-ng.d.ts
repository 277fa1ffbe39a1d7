declare module '@echogarden/espeak-ng-emscripten' {
  /** An event of the synthesiser; positions in the text count characters from 1, in the audio milliseconds. */
  interface EspeakEvent {
    type: 'word' | 'sentence' | 'mark' | 'play' | 'end' | 'msg_terminated' | 'phoneme' | 'samplerate';
    text_position: number;
    word_length: number;
    audio_position: number;
    id?: string | number;
  }

  interface EspeakWorker {
    /** 0 when the voice is known. */
    set_voice(name: string): number;
    set_rate(wordsPerMinute: number): number;
    get_samplerate(): number;
    /** Gives pieces of audio as they are made; answering true ends the synthesis. */
    synthesize(
      text: string,
      onPiece: (pcm: Int16Array | undefined, events: EspeakEvent[] | undefined) => boolean,
    ): void;
  }

  interface EspeakModule {
    eSpeakNGWorker: new () => EspeakWorker;
  }

  export default function load(): Promise<EspeakModule>;
}
