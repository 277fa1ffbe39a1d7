import type { RuleEvent } from '../database.ts';
import { handoffKind } from './handoff/handoff.kind.ts';
import type { NotificationKind } from './kind.ts';
import { replyKind } from './reply/reply.kind.ts';

/** All kinds of notifications. */
export const kinds: readonly NotificationKind[] = [handoffKind, replyKind];

export function kindOf(event: RuleEvent): NotificationKind {
  const found = kinds.find((kind) => kind.event === event);
  if (!found) throw new TypeError(`There is no kind of notification "${event}".`);
  return found;
}
