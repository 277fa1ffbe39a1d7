import type { DeploymentType } from '@parley/contracts';
import type { Trx } from '@parley/database';
import type { ColumnType, Generated, Selectable } from 'kysely';

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
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface TargetTable {
  space_id: string;
  id: string;
  name: string;
  usable: boolean;
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
  status: 'pending' | 'sent' | 'delivered' | 'read' | 'failed';
  attempts: Generated<number>;
  reason: string | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface Tables {
  channel: ChannelTable;
  target: TargetTable;
  delivery: DeliveryTable;
  session_token: SessionTokenTable;
}

export type ChannelTrx = Trx<Tables>;
export type ChannelRow = Selectable<ChannelTable>;
export type DeliveryRow = Selectable<DeliveryTable>;
