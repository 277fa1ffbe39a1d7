import { z } from 'zod';
import { Id } from '../core/common.ts';
import { defineEvent } from '../core/event.ts';
import { roles } from '../core/permissions.ts';
import { VoiceSchema } from '../flow/types.ts';

export const accountCreated = defineEvent({
  name: 'identity.account_created',
  summary: 'An account was created',
  data: z.object({ accountId: Id, name: z.string(), type: z.enum(['person', 'service']) }),
  key: (data) => data.accountId,
});

export const spaceCreated = defineEvent({
  name: 'identity.space_created',
  summary: 'A space was created',
  data: z.object({ spaceId: Id, name: z.string(), ownerAccountId: Id }),
  key: (data) => data.spaceId,
});

export const spaceChanged = defineEvent({
  name: 'identity.space_changed',
  summary: 'A space was changed, or was created with settings that other services use',
  data: z.object({
    spaceId: Id,
    name: z.string(),
    voice: VoiceSchema.nullable(),
    /** Days after which files go; null keeps them. Absent in facts from before there were files. */
    retentionDays: z.int().nullable().optional(),
    /** How callers agree to recordings. Absent in facts from before there were recordings. */
    recordingConsent: z.enum(['announcement', 'opt_in', 'off']).optional(),
  }),
  key: (data) => data.spaceId,
});

export const memberChanged = defineEvent({
  name: 'identity.member_changed',
  summary: 'A member was added, changed or removed (`role` is null), or verified the e-mail address',
  data: z.object({
    accountId: Id,
    name: z.string(),
    email: z.string().nullable(),
    role: z.enum(roles).nullable(),
    /** Whether the address may get mail. Absent in events from before addresses were verified: treat it as true. */
    emailVerified: z.boolean().optional(),
  }),
  key: (data) => data.accountId,
});

export const sessionEnded = defineEvent({
  name: 'identity.session_ended',
  summary: 'A session of an account was ended early, or all of them (`sessionId` is null)',
  data: z.object({ accountId: Id, sessionId: Id.nullable() }),
  key: (data) => data.accountId,
});

export const keyRevoked = defineEvent({
  name: 'identity.key_revoked',
  summary: 'An API key was revoked',
  data: z.object({ keyId: Id }),
  key: (data) => data.keyId,
});

export const identityEvents = [
  accountCreated,
  spaceCreated,
  spaceChanged,
  memberChanged,
  sessionEnded,
  keyRevoked,
];
