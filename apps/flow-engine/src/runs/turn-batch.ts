import { type LoadedRun, placeOf } from './runs.service.ts';
import { isOrphaned, type Orphan } from './orphans.ts';
import type { Turn } from './reducer.ts';
import type { NewTurn } from './turn.ts';
import { isQuiet, noteTurn, type QuietPayload, type SpokenPayload, takeTurn } from './turn-taking.ts';
import { afterTurn, isOver, takenTurn, type TakenTurn } from './turn-writer.ts';

/** Place of a turn's run. */
export function placeOfTurn({ spaceId, payload }: NewTurn): string {
  return placeOf({ spaceId, ...payload });
}

/** Takes a turn that needs answers to its end; null where they cannot be given at once. */
export type PlayAtOnce = (turn: NewTurn, run: LoadedRun, payload: SpokenPayload) => Promise<Turn | null>;

/** Takes many turns of many runs in memory, each run's in order; what has to wait keeps its order too. */
export class TurnBatch {
  /** Turns whose answer cannot be given at once or that failed, and all behind them. */
  readonly later: NewTurn[] = [];
  readonly taken: TakenTurn[] = [];
  /** Turns that nobody can take. */
  readonly orphans: Orphan[] = [];
  private readonly runs: Map<string, LoadedRun>;
  private readonly waiting: Set<string>;
  private readonly changed = new Map<string, LoadedRun>();
  private readonly playAtOnce: PlayAtOnce;

  /**
   * @param waiting places where an earlier turn is not yet done
   * @param playAtOnce takes turns that need answers
   */
  constructor(
    runs: ReadonlyMap<string, LoadedRun>,
    waiting: ReadonlySet<string>,
    playAtOnce: PlayAtOnce = () => Promise.resolve(null),
  ) {
    this.runs = new Map(runs);
    this.waiting = new Set(waiting);
    this.playAtOnce = playAtOnce;
  }

  /** Runs that are different now, as they are after all their turns. */
  changedRuns(): LoadedRun[] {
    return [...this.changed.values()];
  }

  /** Takes the next turn. */
  async take(turn: NewTurn): Promise<void> {
    const place = placeOfTurn(turn);
    if (this.waiting.has(place)) {
      this.later.push(turn);
      return;
    }
    const run = this.runs.get(place) ?? null;
    const { payload } = turn;
    if (!run || isOrphaned(run)) this.orphans.push({ turn, run });
    else if (isQuiet(payload)) this.note(place, run, payload);
    else if (payload.kind !== 'start' || run.revision === null)
      await this.speak(place, run, { turn, payload });
  }

  private note(place: string, run: LoadedRun, payload: QuietPayload): void {
    const noted = noteTurn(run, payload);
    if (noted) this.keep(place, noted);
  }

  private async speak(
    place: string,
    run: LoadedRun,
    { turn, payload }: { turn: NewTurn; payload: SpokenPayload },
  ): Promise<void> {
    const startedAt = new Date();
    const begun = attempt(run, payload, startedAt);
    const came = begun?.question ? await this.playAtOnce(turn, run, payload) : begun;
    if (!came) {
      this.waiting.add(place);
      this.later.push(turn);
      return;
    }
    const taken = takenTurn(run, { turn: came, payload, startedAt, attempt: 1 });
    this.taken.push(taken);
    this.keep(place, { ...afterTurn(taken), revision: run.revision ?? '' });
    // What comes after its end begins another run.
    if (isOver(came.state.status)) this.waiting.add(place);
  }

  private keep(place: string, run: LoadedRun): void {
    this.runs.set(place, run);
    this.changed.set(run.id, run);
  }
}

/** A turn that fails is taken as a task: there it is tried again, and given up with its reason. */
function attempt(run: LoadedRun, payload: SpokenPayload, at: Date): ReturnType<typeof takeTurn> | null {
  try {
    return takeTurn(run, payload, at.getTime());
  } catch {
    return null;
  }
}
