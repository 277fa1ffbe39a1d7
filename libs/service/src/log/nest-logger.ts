import type { LoggerService } from '@nestjs/common';

import type { Logger } from './logger.ts';

/** Nest's own lines through the service's logger: its start-up chatter at debug, the rest at its level. */
export class NestLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.#logger.debug(fieldsOf(message, rest), 'Nest says');
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#logger.warn(fieldsOf(message, rest), 'Nest warns');
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#logger.error(fieldsOf(message, rest), 'Nest reports an error');
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#logger.fatal(fieldsOf(message, rest), 'Nest reports a fatal error');
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#logger.debug(fieldsOf(message, rest), 'Nest says');
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#logger.trace(fieldsOf(message, rest), 'Nest says');
  }
}

// Nest calls log(message, …, context) and error(message, stack, context).
function fieldsOf(message: unknown, rest: unknown[]): object {
  const context = typeof rest.at(-1) === 'string' ? rest.at(-1) : undefined;
  const stack = rest.find((item) => typeof item === 'string' && item.includes('\n'));
  if (message instanceof Error) return { context, err: message };
  return { context, nest: typeof message === 'string' ? message : { ...(message as object) }, stack };
}
