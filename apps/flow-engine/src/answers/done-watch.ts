const DONE = /^data:\s*\[DONE\]\s*$/;
/** Units of a line that are kept: no longer one is the mark of the end. */
const KEPT = 64;

/**
 * Watches a stream of server-sent events for the line `data: [DONE]`, with which an OpenAI-compatible endpoint ends a whole
 * answer. Endpoints that give no finish reason are told apart from streams that broke off by it.
 */
export class DoneWatch {
  isDone = false;
  private line = '';
  private readonly decoder = new TextDecoder();

  /** The same fetch, whose answers are watched. */
  wrap(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return async (input, init) => {
      const response = await fetch(input, init);
      if (!response.body) return response;
      const watched = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          this.read(this.decoder.decode(chunk, { stream: true }));
          controller.enqueue(chunk);
        },
        flush: () => this.read('\n'),
      });
      const { status, statusText, headers } = response;
      return new Response(response.body.pipeThrough(watched), { status, statusText, headers });
    };
  }

  private read(text: string): void {
    const lines = text.split(/\r\n|\n|\r/);
    for (const [index, part] of lines.entries()) {
      this.line = (this.line + part).slice(0, KEPT);
      if (index === lines.length - 1) return;
      this.isDone ||= DONE.test(this.line);
      this.line = '';
    }
  }
}
