import type { Role, VoiceSettings } from '@parley/contracts';
import type { Trx } from '@parley/database';
import type { ColumnType, Generated, Selectable } from 'kysely';

type Json<Value> = ColumnType<Value, string, string>;
type JsonDefault<Value> = ColumnType<Value, string | undefined, string>;

export interface SpaceSettings {
  recordingConsent: 'announcement' | 'opt_in' | 'off';
  retentionDays: number | null;
  limits: Record<string, number>;
  voice: VoiceSettings | null;
}

export interface AccountTable {
  id: string;
  email: string;
  name: string;
  password_hash: string;
  email_verified: Generated<boolean>;
  created_at: Generated<Date>;
}

export interface SessionTable {
  id: string;
  account_id: string;
  token_hash: string;
  expires_at: Date;
  created_at: Generated<Date>;
}

/** Refresh tokens that were exchanged: whoever shows one again has a copy. */
export interface UsedRefreshTokenTable {
  session_id: string;
  token_hash: string;
}

export interface SignInAttemptTable {
  email: string;
  failures: number;
  last_at: Generated<Date>;
}

export interface SigningKeyTable {
  id: string;
  public_key: Json<Record<string, unknown>>;
  /** Sealed. */
  private_key: string;
  /** Since when it signs nothing more. */
  retired_at: ColumnType<Date | null, undefined, Date>;
  /** From when on nothing that it signed is believed. */
  expires_at: ColumnType<Date | null, undefined, Date>;
  created_at: Generated<Date>;
}

export interface SpaceTable {
  space_id: string;
  name: string;
  settings: Json<SpaceSettings>;
  metadata: JsonDefault<Record<string, unknown>>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface MembershipTable {
  space_id: string;
  account_id: string;
  id: string;
  role: Role;
  name: string;
  email: string;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface ApiKeyTable {
  space_id: string;
  id: string;
  name: string;
  role: 'owner' | 'admin' | 'agent' | 'viewer';
  /** Whose key it is; null when it acts for nobody but itself. */
  service_account_id: string | null;
  secret_hash: string;
  last_four: string;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface ServiceAccountTable {
  space_id: string;
  id: string;
  name: string;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface AuditEntryTable {
  space_id: string;
  id: string;
  actor_type: string;
  actor_id: string;
  action: string;
  target_id: string | null;
  created_at: Generated<Date>;
}

export interface Tables {
  account: AccountTable;
  session: SessionTable;
  used_refresh_token: UsedRefreshTokenTable;
  sign_in_attempt: SignInAttemptTable;
  signing_key: SigningKeyTable;
  space: SpaceTable;
  membership: MembershipTable;
  api_key: ApiKeyTable;
  service_account: ServiceAccountTable;
  audit_entry: AuditEntryTable;
}

export type IdentityTrx = Trx<Tables>;
export type AccountRow = Selectable<AccountTable>;
export type SpaceRow = Selectable<SpaceTable>;
export type MembershipRow = Selectable<MembershipTable>;
export type ApiKeyRow = Selectable<ApiKeyTable>;
