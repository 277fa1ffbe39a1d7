import type { Database } from '@parley/database';
import { type CrashingPostgres, startCrashingPostgres } from '@parley/testing';
import type { RawBuilder } from 'kysely';
import { type MechanismBench, openMechanismBench } from './bench.ts';

/** A commit that others wait for may write what shall be lost; then the round proves nothing and is done again. */
const MAX_ROUNDS = 8;

/** A PostgreSQL that is killed as soon as a relaxed statement has returned, before anything else is written. */
export class CrashStage {
  readonly bench: MechanismBench;
  /** Sees all, also while the services are kept out. */
  readonly superuser: Database<unknown>;
  private readonly postgres: CrashingPostgres;
  private awaited: { statement: string; crash: () => void } | null = null;

  private constructor(postgres: CrashingPostgres, bench: MechanismBench) {
    this.postgres = postgres;
    this.bench = bench;
    this.superuser = bench.owner();
  }

  /** Opens a stage; close it in afterAll. */
  static async open(): Promise<CrashStage> {
    const postgres = await startCrashingPostgres();
    return new CrashStage(postgres, await openMechanismBench({}, await postgres.createDatabase()));
  }

  async read<Row>(query: RawBuilder<Row>): Promise<Row[]> {
    return (await query.execute(this.superuser.kysely)).rows;
  }

  /** Says that a relaxed statement has returned. */
  afterRelaxed(statement: string): void {
    if (this.awaited?.statement !== statement) return;
    const { crash } = this.awaited;
    this.awaited = null;
    crash();
  }

  /** Kills PostgreSQL after that relaxed statement; resolves once it is up again, closed to the services. */
  crashAfter(statement: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const crash = (): void => {
        this.postgres.crash();
        this.postgres.recover().then(resolve, reject);
      };
      this.awaited = { statement, crash };
    });
  }

  /** Lets the services in again. */
  admit(): Promise<void> {
    return this.postgres.admit();
  }

  /**
   * Does a round again and again until its relaxed statement was really lost.
   * @param round ends when PostgreSQL is up again; answers whether what the statement had changed is as before
   */
  async loseIn(round: () => Promise<boolean>): Promise<void> {
    for (let rounds = 1; rounds <= MAX_ROUNDS; rounds += 1) {
      const wasLost = await round().finally(() => this.admit());
      if (wasLost) return;
    }
    throw new Error(`The statement was not lost in ${MAX_ROUNDS} rounds: the test shows nothing.`);
  }

  async close(): Promise<void> {
    await this.bench.close();
    await this.postgres.close();
  }
}
