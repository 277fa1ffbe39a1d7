/** Pieces that one side makes and another takes when it likes. */
export class PieceQueue<Piece> {
  readonly #pieces: Piece[] = [];
  #wake: (() => void) | undefined;
  #done = false;
  #error: unknown;

  private constructor() {}

  /**
   * Starts the work at once; its pieces are kept until they are taken.
   * @param work pushes pieces; its signal is aborted when the taker leaves or `signal` is
   */
  static of<Piece>(
    signal: AbortSignal,
    work: (push: (piece: Piece) => void, ended: AbortSignal) => Promise<void>,
  ): AsyncGenerator<Piece, void> {
    const queue = new PieceQueue<Piece>();
    const left = new AbortController();
    void work((piece) => queue.#push(piece), AbortSignal.any([signal, left.signal])).then(
      () => queue.#end(undefined),
      (error: unknown) => queue.#end(error ?? new Error('Speech failed without a reason')),
    );
    return queue.#take(left);
  }

  #push(piece: Piece): void {
    this.#pieces.push(piece);
    this.#wake?.();
  }

  #end(error: unknown): void {
    this.#done = true;
    this.#error = error;
    this.#wake?.();
  }

  async *#take(left: AbortController): AsyncGenerator<Piece, void> {
    try {
      for (;;) {
        const piece = this.#pieces.shift();
        if (piece !== undefined) yield piece;
        else if (this.#error !== undefined) throw this.#error;
        else if (this.#done) return;
        else await this.#more();
      }
    } finally {
      left.abort();
    }
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
