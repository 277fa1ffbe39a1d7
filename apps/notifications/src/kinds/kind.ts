import type { Role } from '@parley/contracts';
import type { MemberRow, Medium, RuleEvent } from '../database.ts';

/** The conversation of an event. */
export interface ConversationContext {
  /** Name of the contact; null if unknown or if there is no contact. */
  contactName: string | null;
  /** Text of the posted message, or of the contact's last message. */
  quote: string | null;
  /** The assignee, or all participating accounts if there is none. */
  responsibleAccountIds: readonly string[];
}

/** Details from the event's payload. */
export interface EventDetails {
  reason?: string | null;
}

/** The text of a notification. */
export interface NotificationText {
  title: string;
  body: string;
}

/** A kind of notification: its event, its recipients and its text. */
export interface NotificationKind {
  event: RuleEvent;
  /** The rule that every new space receives. */
  defaultRule: { name: string; media: readonly Medium[]; roles: readonly Role[] };
  /** Selects the recipients from the members with the roles of a rule. */
  recipients(members: readonly MemberRow[], context: ConversationContext): readonly MemberRow[];
  textFor(context: ConversationContext, details: EventDetails): NotificationText;
}
