import type { ruleEvents } from '@parley/contracts';
import type { Trx } from '@parley/database';
import type { ColumnType, Generated, Insertable, Selectable } from 'kysely';

type Json<Value> = ColumnType<Value, string, string>;

export type Medium = 'inbox' | 'email';

/** Names of the events that a rule can refer to. */
export type RuleEvent = (typeof ruleEvents)[number];

interface Timestamps {
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface RuleTable extends Timestamps {
  space_id: string;
  id: string;
  name: string;
  event: RuleEvent;
  media: Json<Medium[]>;
  roles: Json<string[]>;
  enabled: boolean;
  metadata: ColumnType<Record<string, unknown>, string | undefined, string>;
}

export interface NotificationTable extends Timestamps {
  space_id: string;
  id: string;
  account_id: string;
  event: string;
  title: string;
  body: string;
  conversation_id: string | null;
  read_at: Date | null;
  /** Id of the event. Null in rows that are older than this column. */
  source: string | null;
  media: Json<Medium[]>;
}

/** Default rules that a space has received. A deleted default rule is not created again. */
export interface DefaultRuleTable {
  space_id: string;
  event: string;
  created_at: Generated<Date>;
}

export interface DeliveryTable extends Timestamps {
  space_id: string;
  id: string;
  notification_id: string;
  account_id: string;
  medium: Medium;
  status: 'pending' | 'delivered' | 'failed';
  reason: string | null;
}

export interface MemberTable {
  space_id: string;
  account_id: string;
  name: string;
  email: string | null;
  role: string;
  /** E-mail is sent to verified addresses only. */
  email_verified: boolean;
}

export interface MailCountTable {
  space_id: string;
  hour: Date;
  count: number;
}

export interface Tables {
  rule: RuleTable;
  notification: NotificationTable;
  delivery: DeliveryTable;
  member: MemberTable;
  default_rule: DefaultRuleTable;
  mail_count: MailCountTable;
}

export type NotificationTrx = Trx<Tables>;
export type RuleRow = Selectable<RuleTable>;
export type NewRuleRow = Insertable<RuleTable>;
export type NotificationRow = Selectable<NotificationTable>;
export type NewNotificationRow = Insertable<NotificationTable>;
export type DeliveryRow = Selectable<DeliveryTable>;
export type NewDeliveryRow = Insertable<DeliveryTable>;
export type MemberRow = Selectable<MemberTable>;

export interface Page {
  limit: number;
  before: string | null;
}
