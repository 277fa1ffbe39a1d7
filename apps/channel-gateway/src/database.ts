import type { DeliveryKind, DeploymentType } from '@parley/contracts';
import type { Trx } from '@parley/database';
import type { ColumnType, Generated, Selectable, Updateable } from 'kysely';
import type { VoiceWebhook } from './adapters/phone-provider.ts';

type Json<Value> = ColumnType<Value, string, string>;

export type ChannelStatus = 'setup' | 'active' | 'inactive' | 'error';
export type ChannelTarget = { agentId: string } | { flowId: string };

export interface ChannelTable {
  space_id: string;
  id: string;
  deployment_type: DeploymentType;
  channel_name: string | null;
  recording_enabled: boolean;
  channel_identifier: string;
  configuration: Json<Record<string, unknown>>;
  provider: string | null;
  target: ColumnType<ChannelTarget | null, string | null, string | null>;
  target_name: string | null;
  language: string | null;
  status: ChannelStatus;
  status_reason: string | null;
  sealed_secret: string | null;
  /** What the provider gave, as JSON. */
  sealed_credentials: string | null;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface TargetTable {
  space_id: string;
  id: string;
  name: string;
  usable: boolean;
  /** Its deletion is known: it becomes usable never again. */
  deleted: boolean;
  /** The flow an agent runs. */
  default_flow_id: string | null;
}

/** A token that lets one live session in; its id is the hash of the token. */
export interface SessionTokenTable {
  space_id: string;
  id: string;
  channel_id: string;
  expires_at: Date;
}

export interface DeliveryTable {
  space_id: string;
  id: string;
  channel_id: string;
  conversation_id: string;
  message_id: string;
  kind: Generated<DeliveryKind>;
  /** The event of a change; null for the message itself, which is delivered once. */
  source_id: string | null;
  status: 'pending' | 'sent' | 'delivered' | 'read' | 'failed';
  attempts: Generated<number>;
  reason: string | null;
  /** When a delivery whose last attempt failed is attempted again. */
  next_attempt_at: Date | null;
  /** The contact's address at the channel; null for deliveries from before it was kept, and once the contact is erased. */
  to_address: string | null;
  /** The id that the contact's system gave the message that is answered. */
  in_reply_to: string | null;
  provider_message_id: string | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** How a channel stands with the carrier of its calls; its id is the channel's. */
export interface ConnectionTable {
  space_id: string;
  id: string;
  /** What was last asked for: that all is checked, or that calls come. */
  wanted: 'ready' | 'active';
  /** Counts what was asked for; the last one of which the outcome is known. */
  intent: number;
  settled: Generated<number>;
  /** The check that is to come. */
  task_id: string | null;
  provider_number_id: string | null;
  phone_configuration_id: string | null;
  /** The address that was, or is about to be, written at the provider, and whether it was found there. */
  webhook_url: string | null;
  is_written: Generated<boolean>;
  /** What stood at the provider before. */
  former: ColumnType<VoiceWebhook | null, string | null | undefined, string | null>;
  /** Checks in a row that came to nothing because the provider was away. */
  failures: Generated<number>;
  checked_at: Date | null;
}

/** A call that the carrier of a channel is to place; its id is the call's. It is open while it has neither call nor cause. */
export interface DialTable {
  space_id: string;
  id: string;
  channel_id: string;
  to_address: string;
  ring_seconds: number;
  detect_machine: boolean;
  /** When it is too late to dial. */
  deadline: Date;
  is_canceled: Generated<boolean>;
  /** When the carrier was, or was about to be, asked; null where it has certainly done nothing. */
  dialed_at: Date | null;
  /** The carrier's id of the call. */
  provider_call_id: string | null;
  /** Why there is no call. */
  cause: 'failed' | 'canceled' | 'channel_inactive' | null;
  /** The same in words for people, with what to do; while it is open, what the carrier said last. */
  reason: string | null;
  created_at: Generated<Date>;
}

export interface Tables {
  channel: ChannelTable;
  target: TargetTable;
  delivery: DeliveryTable;
  session_token: SessionTokenTable;
  connection: ConnectionTable;
  dial: DialTable;
}

export type ChannelTrx = Trx<Tables>;
export type ChannelRow = Selectable<ChannelTable>;
export type DeliveryRow = Selectable<DeliveryTable>;
export type ConnectionRow = Selectable<ConnectionTable>;
export type DialRow = Selectable<DialTable>;
export type ConnectionChange = Updateable<ConnectionTable>;
