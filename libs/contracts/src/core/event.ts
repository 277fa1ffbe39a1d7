import type { z } from 'zod';

/** A fact, declared once. `key` names the entity whose order matters, `sequence` its gapless number where it has one. */
export interface EventDefinition<Name extends string = string, Schema extends z.ZodType = z.ZodType> {
  readonly name: Name;
  readonly summary: string;
  readonly data: Schema;
  key(data: z.output<Schema>): string;
  sequence?(data: z.output<Schema>): number;
}

/** The data of an event. */
export type EventData<Definition extends EventDefinition> = z.output<Definition['data']>;

/** An event as consumers receive it. */
export interface EventEnvelope<Definition extends EventDefinition = EventDefinition> {
  /** `evt_…`, the same on every repeat. */
  id: string;
  name: string;
  /** The space, or `_` for account-wide events. */
  spaceId: string;
  key: string;
  sequence: number | null;
  /** RFC 3339, UTC. */
  time: string;
  data: EventData<Definition>;
  traceparent?: string;
}

/** Declares an event: returns its argument, only to infer types. */
export function defineEvent<Name extends string, Schema extends z.ZodType>(
  definition: EventDefinition<Name, Schema>,
): EventDefinition<Name, Schema> {
  return definition;
}
