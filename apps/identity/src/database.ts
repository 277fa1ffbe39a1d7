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
  last_used_at: ColumnType<Date, Date | undefined, Date>;
  /** Client address and user agent of the last use, where the gateway told them. */
  address: string | null;
  network: string | null;
  user_agent: string | null;
}

/** Refresh tokens that were exchanged: whoever shows one again has a copy. */
export interface UsedRefreshTokenTable {
  session_id: string;
  token_hash: string;
}

/** Wrong passwords for one e-mail from one network since a moment. */
export interface SignInFailureTable {
  email: string;
  network: string;
  failures: number;
  since: Generated<Date>;
}

/** What a link in a mail is good for, once; only its hash is stored. */
export interface AccountTokenTable {
  id: string;
  account_id: string;
  purpose: 'verify_email' | 'reset_password';
  token_hash: string;
  expires_at: Date;
  created_at: Generated<Date>;
}

/** Mails that were decided: what limits count. */
export interface MailLogTable {
  id: string;
  kind: string;
  address_hash: string;
  space_id: string | null;
  created_at: Generated<Date>;
}

export interface InvitationTable {
  space_id: string;
  id: string;
  email: string;
  role: 'owner' | 'admin' | 'agent' | 'viewer';
  token_hash: string;
  /** The member on whose behalf it was sent; it ends with the membership. */
  invited_by: string | null;
  expires_at: Date;
  accepted_by: string | null;
  accepted_at: Date | null;
  revoked_at: Date | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
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
  /** The member who made it, also by way of another key; it ends with the membership. */
  created_by: string | null;
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
  sign_in_failure: SignInFailureTable;
  account_token: AccountTokenTable;
  mail_log: MailLogTable;
  invitation: InvitationTable;
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
export type InvitationRow = Selectable<InvitationTable>;
