import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What the ear's thread is asked. */
export interface RecognitionRequest {
  samples: Int16Array;
  rate: number;
  candidates: readonly string[];
}

/**
 * Recognises which of some texts was said: the ear of tests. It works in a thread of its own, so that the test goes on
 * hearing. Words that its dictionary lacks are passed over.
 */
export class SpeechRecogniser {
  private readonly worker = new Worker(new URL('./speech-recogniser.worker.ts', import.meta.url), {
    execArgv: ['--no-warnings', '--conditions=source'],
  });

  /**
   * The text among the candidates that was said; the nearest one, so give it near ones to choose from.
   * @returns null where none of them fills the sound
   */
  async recognise(samples: Int16Array, rate: number, candidates: readonly string[]): Promise<string | null> {
    this.worker.postMessage({ samples, rate, candidates } satisfies RecognitionRequest);
    const [answer] = (await once(this.worker, 'message')) as [{ text: string | null } | { error: string }];
    if ('error' in answer) throw new Error(answer.error);
    return answer.text;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
