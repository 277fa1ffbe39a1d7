import type { Role } from '@parley/contracts';
import type { MemberRow, Medium, RuleEvent } from '../database.ts';

/** What is known of the conversation that an event happened in. */
export interface ConversationContext {
  /** Name of the contact; null where there is none, or none is known. */
  contactName: string | null;
  /** The message that it is about, or the contact's last one. */
  quote: string | null;
  /** The account in charge; else those accounts that take part. */
  inCharge: readonly string[];
}

/** What an event itself says. */
export interface Occasion {
  reason?: string | null;
}

/** What members are told of one event. */
export interface Wording {
  title: string;
  body: string;
}

/** A kind of event that rules name: who is told, and in which words. */
export interface NotificationKind {
  event: RuleEvent;
  /** The rule that every space begins with. */
  defaultRule: { name: string; media: readonly Medium[]; roles: readonly Role[] };
  /** Whom of the members with a rule's roles it concerns. */
  recipients(members: readonly MemberRow[], context: ConversationContext): readonly MemberRow[];
  wording(context: ConversationContext, occasion: Occasion): Wording;
}
