import type { Principal } from '@parley/contracts';
import type { Trx } from '@parley/database';

/** What is known of a request before its transaction is opened. */
export interface BeforeContext {
  /** The same as a handler's first parameter. */
  input: Record<string, unknown>;
  principal: Principal;
  spaceId: string | null;
  requestId: string;
  idempotencyKey: string | null;
  /** Unix milliseconds after which nobody waits for the answer. */
  deadline: number;
}

/** What a handler of an operation works with. */
export interface OperationContext<Tables = unknown, Before = unknown> {
  principal: Principal;
  spaceId: string | null;
  trx: Trx<Tables>;
  /** What the method marked `BeforeOperation` returned; undefined without one. */
  before: Before;
  requestId: string;
  idempotencyKey: string | null;
  /** Unix milliseconds after which nobody waits for the answer. */
  deadline: number;
  /** Aborts at the deadline: for what is called outside the database. */
  readonly signal: AbortSignal;
  /** Runs once the transaction has committed. */
  afterCommit(callback: () => void): void;
  /**
   * Holds what stands, as a caller is shown it, against the caller's `If-Match`; call it with the row locked.
   * @throws ProblemError 412 when the caller knows another state
   */
  requireMatch(current: unknown): void;
}

/** Answers an operation. */
export type OperationHandler = (input: unknown, context: OperationContext) => Promise<unknown>;

/** Works before the transaction of an operation. */
export type BeforeHandler = (input: unknown, context: BeforeContext) => Promise<unknown>;

/** Looks again at what a command has answered, once it is committed. */
export type AfterHandler = (output: unknown, context: BeforeContext) => Promise<unknown>;
