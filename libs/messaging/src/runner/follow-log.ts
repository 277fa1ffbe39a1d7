import { setTimeout as sleep } from 'node:timers/promises';
import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { LogReader, type ReadOptions } from './log-reader.ts';

/** Who follows a log. */
export interface LogFollower {
  /** A message, in the order of the stream. */
  onMessage(message: JsMsg): void;
  /** Reading began where nothing says what came before: what is known otherwise has to be looked at again. */
  onOpened?(): void;
  /** Everything that there was when the reading began has been told; once. */
  onCaughtUp?(): void;
  /** Reading failed and begins anew. */
  onFailed?(error: unknown): void;
}

const RETRY_MS = 100;
const MAX_BATCH_SIZE = 256;
const WAIT_MS = 1000;
/** While it is not known yet whether everything has come, it is looked for as often. */
const CATCH_UP_WAIT_MS = 20;

/**
 * Follows a stream without a position of its own, through all failures of NATS, until the signal aborts. With `from` null
 * it goes on behind the last message told. With a number it begins there again after each failure: whoever follows drops
 * what it knows, by the sequences of its own domain, which outlast those of a stream.
 */
export async function followLog(
  nats: NatsConnection,
  options: ReadOptions,
  follower: LogFollower,
): Promise<void> {
  const { signal } = options;
  let next = options.from;
  let isCaughtUp = follower.onCaughtUp === undefined;
  const read = async (reader: LogReader): Promise<void> => {
    await reader.open();
    if (next === null) follower.onOpened?.();
    while (!signal.aborted) {
      if (!isCaughtUp && (await reader.lastSequenceIfCaughtUp()) !== null) {
        isCaughtUp = true;
        follower.onCaughtUp?.();
      }
      for (const message of await reader.readBatch(MAX_BATCH_SIZE, isCaughtUp ? WAIT_MS : CATCH_UP_WAIT_MS)) {
        if (options.from === null) next = message.seq + 1;
        follower.onMessage(message);
      }
    }
  };
  while (!signal.aborted) {
    const attempt = new AbortController();
    try {
      const either = AbortSignal.any([signal, attempt.signal]);
      await read(new LogReader(nats, { ...options, from: next, signal: either }));
    } catch (error) {
      if (!signal.aborted) follower.onFailed?.(error);
    } finally {
      attempt.abort();
    }
    if (!signal.aborted) await sleep(RETRY_MS);
  }
}
