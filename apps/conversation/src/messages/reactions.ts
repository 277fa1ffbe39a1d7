import type { Reaction } from '@parley/contracts';
import { toEmoji } from '@parley/text';

/** Whether two reactions are of the same author with the same emoji. */
export function isSameReaction(a: Reaction, b: Reaction): boolean {
  return (
    a.emoji === b.emoji &&
    (a.accountId ?? null) === (b.accountId ?? null) &&
    (a.contactId ?? null) === (b.contactId ?? null)
  );
}

/** Stored reactions in one form of each emoji. Rows from before that may hold one reaction in two forms. */
export function toReactions(stored: readonly Reaction[]): Reaction[] {
  const reactions: Reaction[] = [];
  for (const one of stored) {
    const reaction = { ...one, emoji: toEmoji(one.emoji) ?? one.emoji };
    if (!reactions.some((other) => isSameReaction(other, reaction))) reactions.push(reaction);
  }
  return reactions;
}
