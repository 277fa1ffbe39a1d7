import { z } from 'zod';
import { Id, ResourceFields, Timestamp } from '../core/common.ts';
import { roles } from '../core/permissions.ts';
import { VoiceSchema } from '../flow/types.ts';

/** Roles a person or key can be given; `visitor` and `service` are for the platform itself. */
export const AssignableRole = z.enum(roles).extract(['owner', 'admin', 'agent', 'viewer']);

/** Settings of a space. */
export const SpaceSettingsSchema = z.strictObject({
  recordingConsent: z.enum(['announcement', 'opt_in', 'off']),
  retentionDays: z.int().min(1).max(3650).nullable(),
  limits: z.record(z.string().max(64), z.number()),
  /** How its agents hear and speak, where they do not say it themselves. */
  voice: VoiceSchema.nullable(),
});

/** A space: the tenant. */
export const SpaceSchema = z
  .object({ id: Id, name: z.string(), role: z.enum(roles), settings: SpaceSettingsSchema, ...ResourceFields })
  .meta({ id: 'Space' });

/** A person who signs in. */
export const AccountSchema = z
  .object({
    id: Id,
    email: z.string(),
    name: z.string(),
    emailVerified: z.boolean(),
    spaces: z.array(z.object({ id: Id, name: z.string(), role: z.enum(roles) })),
    createdAt: Timestamp,
  })
  .meta({ id: 'Account' });

/** What signing in answers. */
export const SessionSchema = z
  .object({ accessToken: z.string(), refreshToken: z.string(), expiresIn: z.int(), account: AccountSchema })
  .meta({ id: 'Session' });

/** A session of an account: where and when it was used. */
export const AccountSessionSchema = z
  .object({
    id: Id,
    createdAt: Timestamp,
    /** The last sign-in or refresh. */
    lastUsedAt: Timestamp,
    expiresAt: Timestamp,
    address: z.string().nullable(),
    userAgent: z.string().nullable(),
    /** Whether the request was made in this session. */
    current: z.boolean(),
  })
  .meta({ id: 'AccountSession' });

/** An invitation to become a member. */
export const InvitationSchema = z
  .object({
    id: Id,
    email: z.string(),
    role: AssignableRole,
    status: z.enum(['pending', 'accepted', 'revoked', 'expired']),
    /** The member on whose behalf it was sent; null where a key of no known member sent it. */
    invitedBy: Id.nullable(),
    expiresAt: Timestamp,
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Invitation' });

/** An account's role in a space. */
export const MemberSchema = z
  .object({
    id: Id,
    accountId: Id,
    name: z.string(),
    email: z.string().nullable(),
    role: z.enum(roles),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Member' });

/** An API key, without its secret. */
export const ApiKeySchema = z
  .object({
    id: Id,
    name: z.string(),
    role: AssignableRole,
    /** Whose key it is; null when it acts for nobody but itself. */
    serviceAccountId: Id.nullable(),
    /** The member who made it: the key ends when that member leaves. Null where that is not known. */
    createdBy: Id.nullable(),
    prefix: z.string(),
    lastFour: z.string(),
    expiresAt: Timestamp.nullable(),
    lastUsedAt: Timestamp.nullable(),
    revokedAt: Timestamp.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'ApiKey' });

/** An account that is no person; every agent has one. */
export const ServiceAccountSchema = z
  .object({ id: Id, name: z.string(), createdAt: Timestamp, updatedAt: Timestamp })
  .meta({ id: 'ServiceAccount' });

/** One line of the audit log. */
export const AuditEntrySchema = z
  .object({
    id: Id,
    actorType: z.string(),
    actorId: z.string(),
    action: z.string(),
    targetId: z.string().nullable(),
    createdAt: Timestamp,
  })
  .meta({ id: 'AuditEntry' });
