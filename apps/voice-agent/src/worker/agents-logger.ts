import type { Logger } from '@parley/service/plain';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type Level = (typeof levels)[number];

/** The part of pino's interface that LiveKit's agents use. */
export type AgentsLogger = Record<Level, (...parts: unknown[]) => void> & {
  level: string;
  child(fields: object): AgentsLogger;
};

/** Where LiveKit's agents look for their logger: symbols of the whole process. */
const loggerKey = Symbol.for('@livekit/agents:logger');
const optionsKey = Symbol.for('@livekit/agents:loggerOptions');

/** Lets LiveKit's agents log through ours. Their own level is what a new job starts with before it has done the same. */
export function useLogger(logger: Logger): void {
  Object.assign(globalThis, { [loggerKey]: bridge(logger), [optionsKey]: { pretty: false, level: 'warn' } });
}

/** A logger for LiveKit's agents: what they mark as personal, and everything that is no plain value, is left out. */
export function bridge(logger: Logger, fixed: object = {}): AgentsLogger {
  const methods = Object.fromEntries(
    levels.map((level) => [level, (...parts: unknown[]) => write(logger, level, fixed, parts)]),
  ) as Record<Level, (...parts: unknown[]) => void>;
  return {
    ...methods,
    level: logger.level,
    child: (fields) => bridge(logger, { ...fixed, ...plain(fields) }),
  };
}

function write(logger: Logger, level: Level, fixed: object, parts: unknown[]): void {
  const said = parts.find((part): part is string => typeof part === 'string') ?? 'See the fields';
  const fields = parts.filter((part) => typeof part === 'object' && part !== null);
  // What it tells of itself at length is of use to those who look for defects in it.
  const quieter = level === 'info' ? 'debug' : level;
  const found = fields.map((part) => (part instanceof Error ? { err: part } : plain(part as object)));
  logger[quieter](Object.assign({ library: 'livekit', said }, fixed, ...found), 'LiveKit agents');
}

function plain(fields: object): object {
  const entries = Object.entries(fields).filter(([name]) => !name.startsWith('lk.pii'));
  return Object.fromEntries(
    entries.flatMap(([name, value]): [string, unknown][] => {
      if (value instanceof Error) return [['err', value]];
      return ['string', 'number', 'boolean'].includes(typeof value) ? [[name, value]] : [];
    }),
  );
}
