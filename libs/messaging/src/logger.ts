/** The part of a pino logger that messaging uses: static text, values as fields. */
export interface MessagingLogger {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** Says nothing: for tests. */
export const silentLogger: MessagingLogger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};
