import type { ScoredLexemes } from '../ranking/concepts.ts';
import type { CorpusSize, ScoringParameters } from '../ranking/types.ts';
import type { Posting } from './posting.ts';

/** A passage by its number in the corpus. */
export interface ScoredPlace {
  place: number;
  score: number;
}

/** What is scored: the postings of a corpus, and where the passages of its documents are. */
export interface ScoredCorpus {
  size: CorpusSize;
  /** Terms of each document. */
  terms: Int32Array;
  /** Number of the first passage of each document, and behind them the number of all passages. */
  starts: Int32Array;
  /** Number of the document of each passage. */
  documentOf: Int32Array;
  postingOf(lexeme: string): Posting | undefined;
}

/** A lexeme with its posting and its weight in the score. */
interface WeighedPosting {
  posting: Posting;
  weight: number;
}

/**
 * Sums what lexemes give to documents or passages: of a concept the best lexeme, and a share of the others. One is used
 * again for each question of a corpus, as its lists are as long as the corpus.
 */
class ScoreSums {
  readonly totals: Float64Array;
  /** Slots that were scored. */
  readonly used: number[] = [];
  private readonly best: Float64Array;
  private readonly sums: Float64Array;
  private readonly isUsed: Uint8Array;
  private readonly isOpen: Uint8Array;
  private readonly open: number[] = [];
  private readonly formShare: number;

  constructor(slots: number, formShare: number) {
    this.totals = new Float64Array(slots);
    this.best = new Float64Array(slots);
    this.sums = new Float64Array(slots);
    this.isUsed = new Uint8Array(slots);
    this.isOpen = new Uint8Array(slots);
    this.formShare = formShare;
  }

  add(slot: number, worth: number): void {
    if (this.isOpen[slot] === 0) {
      this.isOpen[slot] = 1;
      this.open.push(slot);
      this.best[slot] = worth;
      this.sums[slot] = worth;
      return;
    }
    this.sums[slot] = (this.sums[slot] ?? 0) + worth;
    if (worth > (this.best[slot] ?? 0)) this.best[slot] = worth;
  }

  /** Ends a concept. */
  close(): void {
    for (const slot of this.open) {
      const best = this.best[slot] ?? 0;
      this.totals[slot] = (this.totals[slot] ?? 0) + best + this.formShare * ((this.sums[slot] ?? 0) - best);
      this.isOpen[slot] = 0;
      this.use(slot);
    }
    this.open.length = 0;
  }

  use(slot: number): void {
    if (this.isUsed[slot] === 1) return;
    this.isUsed[slot] = 1;
    this.used.push(slot);
  }

  reset(): void {
    for (const slot of this.used) {
      this.totals[slot] = 0;
      this.isUsed[slot] = 0;
    }
    this.used.length = 0;
  }
}

/** Scores passages by BM25F of the passage and, with its share, of the whole document. */
export class PassageScorer {
  private readonly corpus: ScoredCorpus;
  private readonly use: ScoringParameters;
  private readonly passages: ScoreSums;
  private readonly documents: ScoreSums;

  constructor(corpus: ScoredCorpus, parameters: ScoringParameters) {
    this.corpus = corpus;
    this.use = parameters;
    this.passages = new ScoreSums(corpus.documentOf.length, parameters.formShare);
    this.documents = new ScoreSums(corpus.terms.length, parameters.formShare);
  }

  /** Memory that a scorer of so many passages and documents takes, about, in bytes. */
  static sizeOf({ documents, passages }: CorpusSize): number {
    return (documents + passages) * 26;
  }

  /** The best passages, best first; a document that is found by its title alone is represented by its first passage. */
  best(scored: ScoredLexemes, limit: number): ScoredPlace[] {
    for (const postings of this.byConcept(scored)) {
      for (const one of postings) {
        this.scoreDocuments(one);
        this.scorePassages(one);
      }
      this.documents.close();
      this.passages.close();
    }
    this.useFirstPassages();
    const best = this.select(limit);
    this.documents.reset();
    this.passages.reset();
    return best;
  }

  private byConcept({ lexemes, concepts, weights }: ScoredLexemes): WeighedPosting[][] {
    const found: WeighedPosting[][] = [];
    lexemes.forEach((lexeme, index) => {
      const posting = this.corpus.postingOf(lexeme);
      if (posting) (found[concepts[index] ?? 0] ??= []).push({ posting, weight: weights[index] ?? 0 });
    });
    return Object.values(found);
  }

  private scoreDocuments({ posting, weight }: WeighedPosting): void {
    const { size, terms } = this.corpus;
    const { saturation, documentLengthWeight, titleWeight } = this.use;
    const average = Math.max(1, size.terms / Math.max(1, size.documents));
    for (let index = 0; index < posting.documents.length; index += 1) {
      const document = posting.documents[index] ?? -1;
      if (document === -1) continue;
      const found = (posting.frequencies[index] ?? 0) + titleWeight * (posting.titleFrequencies[index] ?? 0);
      const length = 1 - documentLengthWeight + (documentLengthWeight * (terms[document] ?? 0)) / average;
      this.documents.add(document, (weight * found) / (found + saturation * length));
    }
  }

  private scorePassages({ posting, weight }: WeighedPosting): void {
    const { size } = this.corpus;
    const { saturation, passageLengthWeight, headingWeight } = this.use;
    const average = Math.max(1, size.terms / Math.max(1, size.passages));
    const constant = saturation * (1 - passageLengthWeight);
    const perLength = (saturation * passageLengthWeight) / average;
    const { places, bodies, headings, lengths } = posting;
    for (let index = 0; index < places.length; index += 1) {
      const found = (bodies[index] ?? 0) + headingWeight * (headings[index] ?? 0);
      const worth = (weight * found) / (found + constant + perLength * (lengths[index] ?? 0));
      this.passages.add(places[index] ?? 0, worth);
    }
  }

  private useFirstPassages(): void {
    const { starts, documentOf } = this.corpus;
    const withPassages = new Uint8Array(starts.length);
    for (const place of this.passages.used) withPassages[documentOf[place] ?? 0] = 1;
    for (const document of this.documents.used) {
      const first = starts[document] ?? 0;
      if (withPassages[document] === 0 && first < (starts[document + 1] ?? 0)) this.passages.use(first);
    }
  }

  /** The passages with the greatest scores: a heap whose root is the least of them. */
  private select(limit: number): ScoredPlace[] {
    const heap: ScoredPlace[] = [];
    for (const place of this.passages.used) {
      const document = this.documents.totals[this.corpus.documentOf[place] ?? 0] ?? 0;
      const score = (this.passages.totals[place] ?? 0) + this.use.documentShare * document;
      if (heap.length < limit) {
        heap.push({ place, score });
        if (heap.length === limit) heap.sort((one, other) => one.score - other.score);
      } else if (score > (heap[0]?.score ?? 0)) {
        heap[0] = { place, score };
        sink(heap);
      }
    }
    return heap.sort((one, other) => other.score - one.score || one.place - other.place);
  }
}

/** Moves the root of a heap down to where it belongs. */
function sink(heap: ScoredPlace[]): void {
  for (let parent = 0; ; ) {
    const left = 2 * parent + 1;
    const [one, other] = [heap[left], heap[left + 1]];
    if (!one) return;
    const least = other && other.score < one.score ? left + 1 : left;
    const [above, below] = [heap[parent], heap[least]];
    if (!above || !below || above.score <= below.score) return;
    [heap[parent], heap[least]] = [below, above];
    parent = least;
  }
}
