import { setTimeout as sleep } from 'node:timers/promises';
import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { LogReader, type ReadOptions } from './log-reader.ts';

/** Who follows a log. */
export interface LogFollower {
  /** A message, in the order of the stream. */
  message(message: JsMsg): void;
  /** Reading began where nothing says what came before: what is known otherwise has to be looked at again. */
  opened?(): void;
  /** Everything that there was when the reading began has been told; once. */
  caughtUp?(): void;
  /** Reading failed and begins anew. */
  failed?(error: unknown): void;
}

const AGAIN_MS = 100;
const TAKE = 256;
const TAKE_MS = 1000;
/** While it is not known yet whether everything has come, it is looked for as often. */
const LOOK_MS = 20;

/**
 * Follows a stream without a position of its own, through all failures of NATS, until the signal aborts. With `from` null
 * it goes on behind the last message told. With a number it begins there again after each failure: whoever follows drops
 * what it knows, by the sequences of its own domain, which outlast those of a stream.
 */
export async function followLog(nats: NatsConnection, of: ReadOptions, follower: LogFollower): Promise<void> {
  const { signal } = of;
  let next = of.from;
  let isTold = follower.caughtUp === undefined;
  const read = async (reader: LogReader): Promise<void> => {
    await reader.open();
    if (next === null) follower.opened?.();
    while (!signal.aborted) {
      if (!isTold && (await reader.caughtUp()) !== null) {
        isTold = true;
        follower.caughtUp?.();
      }
      for (const message of await reader.take(TAKE, isTold ? TAKE_MS : LOOK_MS)) {
        if (of.from === null) next = message.seq + 1;
        follower.message(message);
      }
    }
  };
  while (!signal.aborted) {
    const attempt = new AbortController();
    try {
      const either = AbortSignal.any([signal, attempt.signal]);
      await read(new LogReader(nats, { ...of, from: next, signal: either }));
    } catch (error) {
      if (!signal.aborted) follower.failed?.(error);
    } finally {
      attempt.abort();
    }
    if (!signal.aborted) await sleep(AGAIN_MS);
  }
}
