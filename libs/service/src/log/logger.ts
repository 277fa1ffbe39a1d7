import { pino } from 'pino';
import type { DestinationStream } from 'pino';

import { redactEntry, redactText } from './redact.ts';
import { activeTraceIds } from '../tracing/context.ts';

/** A static sentence, or fields and a static sentence. Values belong in fields, where redaction reaches them. */
export interface LogMethod {
  (fields: object, sentence: string): void;
  (sentence: string): void;
}

/** The process's logger (pino). An abstract class, so that it is its own injection token. */
export abstract class Logger {
  abstract level: string;
  abstract trace: LogMethod;
  abstract debug: LogMethod;
  abstract info: LogMethod;
  abstract warn: LogMethod;
  abstract error: LogMethod;
  abstract fatal: LogMethod;
  /** A logger that adds these fields to each line. */
  abstract child(fields: object): Logger;
}

/** Where and how much to log. `destination` is for tests; standard output otherwise. */
export interface LoggerOptions {
  readonly name: string;
  readonly level?: string;
  readonly destination?: DestinationStream;
}

/** Makes the JSON logger of a service: one line per entry, redacted by path and by shape, with trace ids. */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redactEntry(fields),
    },
    // Errors are written out by redactEntry, which must see them first; pino would serialise `err` before it.
    serializers: { err: (value: unknown) => value },
    mixin: activeTraceIds,
    hooks: {
      logMethod(this: unknown, args: unknown[], method: (...args: unknown[]) => void) {
        // Without a sentence pino would take an error's own, unmasked message as one.
        const whole = args.length === 1 && typeof args[0] === 'object' ? [...args, 'See the fields'] : args;
        method.apply(this, whole.map(redactArgument));
      },
    },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  // pino writes a child's fields past its formatters. Children inherit the method.
  const { child } = logger;
  const redactingChild = function (this: typeof logger, fields: Record<string, unknown>) {
    return child.call(this, redactEntry(fields));
  };
  return Object.assign(logger, { child: redactingChild }) as unknown as Logger;
}

function redactArgument(argument: unknown): unknown {
  if (typeof argument === 'string') return redactText(argument);
  return argument instanceof Error ? { err: argument } : argument;
}
