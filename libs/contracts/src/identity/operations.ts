import { z } from 'zod';
import { Id, InSpace, Metadata, Name, EmptyOutput, Paging, Timestamp } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import { PrincipalSchema } from '../core/principal.ts';
import {
  AccountSchema,
  AccountSessionSchema,
  ApiKeySchema,
  AssignableRole,
  AuditEntrySchema,
  InvitationSchema,
  MemberSchema,
  ServiceAccountSchema,
  SessionSchema,
  SpaceSchema,
  SpaceSettingsSchema,
} from './types.ts';

const Email = z
  .email()
  .max(254)
  .transform((value) => value.toLowerCase());
const Password = z.string().min(10, 'has fewer than 10 characters').max(200);
/** A token that came by mail. */
const MailToken = z.string().min(1).max(200);

export const signUp = defineOperation({
  name: 'identity.sign_up',
  kind: 'command',
  permission: 'public',
  secret: true,
  summary: 'Create an account and sign in; with an invitation, also join its space',
  http: { method: 'POST', path: '/auth/sign-up', status: 201 },
  input: z.strictObject({
    email: Email,
    password: Password,
    name: Name,
    /** Token of an invitation to this address; needed where SIGN_UP is `invite`. */
    invitationToken: MailToken.optional(),
  }),
  output: SessionSchema,
});

export const verifyEmail = defineOperation({
  name: 'identity.verify_email',
  kind: 'command',
  permission: 'public',
  summary: 'Verify an e-mail address with the token of the e-mail',
  http: { method: 'POST', path: '/auth/verify' },
  input: z.strictObject({ token: MailToken }),
  output: EmptyOutput,
});

export const resendVerification = defineOperation({
  name: 'identity.resend_verification',
  kind: 'command',
  permission: 'authenticated',
  summary: 'Send the verification e-mail again',
  http: { method: 'POST', path: '/auth/verify/resend', status: 202 },
  input: z.strictObject({}),
  output: EmptyOutput,
});

export const requestPasswordReset = defineOperation({
  name: 'identity.request_password_reset',
  kind: 'command',
  permission: 'public',
  summary: 'Request a password reset by e-mail; the answer is the same whether or not the account exists',
  http: { method: 'POST', path: '/auth/reset', status: 202 },
  input: z.strictObject({ email: Email }),
  output: EmptyOutput,
});

export const confirmPasswordReset = defineOperation({
  name: 'identity.confirm_password_reset',
  kind: 'command',
  permission: 'public',
  summary: 'Set a new password with the token of the e-mail; ends all sessions',
  http: { method: 'POST', path: '/auth/reset/confirm' },
  input: z.strictObject({ token: MailToken, password: Password }),
  output: EmptyOutput,
});

export const changePassword = defineOperation({
  name: 'identity.change_password',
  kind: 'command',
  permission: 'authenticated',
  summary: 'Change your password; ends your other sessions',
  http: { method: 'POST', path: '/me/password' },
  input: z.strictObject({ currentPassword: z.string().min(1).max(200), newPassword: Password }),
  output: EmptyOutput,
});

export const listSessions = defineOperation({
  name: 'identity.list_sessions',
  kind: 'query',
  permission: 'authenticated',
  summary: 'List your sessions, newest first',
  http: { method: 'GET', path: '/auth/sessions' },
  input: z.strictObject({ ...Paging }),
  output: listOf(AccountSessionSchema),
});

export const revokeSession = defineOperation({
  name: 'identity.revoke_session',
  kind: 'command',
  permission: 'authenticated',
  summary: 'End one of your sessions',
  http: { method: 'DELETE', path: '/auth/sessions/:sessionId' },
  input: z.strictObject({ sessionId: Id }),
  output: EmptyOutput,
});

export const signIn = defineOperation({
  name: 'identity.sign_in',
  kind: 'command',
  permission: 'public',
  secret: true,
  summary: 'Sign in with e-mail and password',
  http: { method: 'POST', path: '/auth/sign-in' },
  input: z.strictObject({ email: Email, password: z.string().min(1).max(200) }),
  output: SessionSchema,
});

export const refreshSession = defineOperation({
  name: 'identity.refresh_session',
  kind: 'command',
  permission: 'public',
  secret: true,
  summary: 'Exchange a refresh token for new tokens',
  http: { method: 'POST', path: '/auth/refresh' },
  input: z.strictObject({ refreshToken: z.string().min(1).max(500) }),
  output: SessionSchema,
});

export const signOut = defineOperation({
  name: 'identity.sign_out',
  kind: 'command',
  permission: 'public',
  summary: 'Sign out and end the session',
  http: { method: 'POST', path: '/auth/sign-out' },
  input: z.strictObject({ refreshToken: z.string().min(1).max(500) }),
  output: EmptyOutput,
});

export const authenticate = defineOperation({
  name: 'identity.authenticate',
  kind: 'query',
  permission: 'internal',
  summary: 'Resolve a credential to a principal',
  input: z.strictObject({ credential: z.string().max(2000) }),
  output: z.object({
    principal: PrincipalSchema.nullable(),
    reason: z.string().nullable(),
    expiresAt: Timestamp.nullable(),
  }),
});

export const issueVisitorToken = defineOperation({
  name: 'identity.issue_visitor_token',
  kind: 'query',
  permission: 'internal',
  summary: 'Sign a token for a visitor of a web channel',
  input: z.strictObject({
    spaceId: Id,
    channelId: Id,
    contactId: Id,
    visitorId: z.string().max(200),
    ttlSeconds: z.int().min(60).max(31_536_000),
  }),
  output: z.object({ visitorToken: z.string(), expiresAt: Timestamp }),
});

export const getMe = defineOperation({
  name: 'identity.get_me',
  kind: 'query',
  permission: 'authenticated',
  summary: 'Get the account of the credential',
  http: { method: 'GET', path: '/me' },
  input: z.strictObject({}),
  output: z.object({ account: AccountSchema.nullable(), principal: PrincipalSchema }),
});

export const createSpace = defineOperation({
  name: 'identity.create_space',
  kind: 'command',
  permission: 'authenticated',
  summary: 'Create a space and become its owner',
  http: { method: 'POST', path: '/spaces', status: 201 },
  input: z.strictObject({
    name: Name,
    settings: SpaceSettingsSchema.partial().optional(),
    metadata: Metadata.optional(),
  }),
  output: SpaceSchema,
});

export const listSpaces = defineOperation({
  name: 'identity.list_spaces',
  kind: 'query',
  permission: 'authenticated',
  summary: 'List your spaces',
  http: { method: 'GET', path: '/spaces' },
  input: z.strictObject({ ...Paging }),
  output: listOf(SpaceSchema),
});

export const getSpace = defineOperation({
  name: 'identity.get_space',
  kind: 'query',
  permission: 'space:read',
  summary: 'Get a space',
  http: { method: 'GET', path: '/spaces/:spaceId' },
  input: z.strictObject({ ...InSpace }),
  output: SpaceSchema,
});

export const updateSpace = defineOperation({
  name: 'identity.update_space',
  kind: 'command',
  permission: 'space:update',
  summary: 'Update a space (JSON Merge Patch)',
  http: { method: 'PATCH', path: '/spaces/:spaceId' },
  input: z.strictObject({
    ...InSpace,
    name: Name.optional(),
    settings: SpaceSettingsSchema.partial().optional(),
    metadata: Metadata.optional(),
  }),
  output: SpaceSchema,
});

export const listMembers = defineOperation({
  name: 'identity.list_members',
  kind: 'query',
  permission: 'members:read',
  summary: 'List members of a space',
  http: { method: 'GET', path: '/spaces/:spaceId/members' },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(MemberSchema),
});

export const createInvitation = defineOperation({
  name: 'identity.create_invitation',
  kind: 'command',
  permission: 'members:manage',
  summary: 'Invite a person to a space by e-mail',
  http: { method: 'POST', path: '/spaces/:spaceId/invitations', status: 201 },
  input: z.strictObject({ ...InSpace, email: Email, role: AssignableRole }),
  output: InvitationSchema,
});

export const listInvitations = defineOperation({
  name: 'identity.list_invitations',
  kind: 'query',
  permission: 'members:read',
  summary: 'List invitations of a space, newest first',
  http: { method: 'GET', path: '/spaces/:spaceId/invitations' },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(InvitationSchema),
});

export const resendInvitation = defineOperation({
  name: 'identity.resend_invitation',
  kind: 'command',
  permission: 'members:manage',
  summary: 'Send an invitation again with a new link; the previous link becomes invalid',
  http: { method: 'POST', path: '/spaces/:spaceId/invitations/:invitationId/resend' },
  input: z.strictObject({ ...InSpace, invitationId: Id }),
  output: InvitationSchema,
});

export const revokeInvitation = defineOperation({
  name: 'identity.revoke_invitation',
  kind: 'command',
  permission: 'members:manage',
  summary: 'Revoke an invitation',
  http: { method: 'DELETE', path: '/spaces/:spaceId/invitations/:invitationId' },
  input: z.strictObject({ ...InSpace, invitationId: Id }),
  output: EmptyOutput,
});

export const acceptInvitation = defineOperation({
  name: 'identity.accept_invitation',
  kind: 'command',
  permission: 'authenticated',
  summary: "Accept an invitation that was sent to your account's e-mail address",
  http: { method: 'POST', path: '/invitations/:token/accept' },
  input: z.strictObject({ token: MailToken }),
  output: MemberSchema.extend({ spaceId: Id }).meta({ id: 'AcceptedInvitation' }),
});

export const leaveSpace = defineOperation({
  name: 'identity.leave_space',
  kind: 'command',
  permission: 'space:read',
  summary: 'Leave a space; the last owner cannot (422 `last_owner`)',
  http: { method: 'DELETE', path: '/spaces/:spaceId/members/me' },
  input: z.strictObject({ ...InSpace }),
  output: EmptyOutput,
});

export const updateMember = defineOperation({
  name: 'identity.update_member',
  kind: 'command',
  permission: 'members:manage',
  summary: "Change a member's role",
  http: { method: 'PATCH', path: '/spaces/:spaceId/members/:accountId' },
  input: z.strictObject({ ...InSpace, accountId: Id, role: AssignableRole }),
  output: MemberSchema,
});

export const removeMember = defineOperation({
  name: 'identity.remove_member',
  kind: 'command',
  permission: 'members:manage',
  summary: 'Remove a member; ends the API keys that the member created',
  http: { method: 'DELETE', path: '/spaces/:spaceId/members/:accountId' },
  input: z.strictObject({ ...InSpace, accountId: Id }),
  output: EmptyOutput,
});

export const createApiKey = defineOperation({
  name: 'identity.create_api_key',
  kind: 'command',
  permission: 'api_keys:manage',
  secret: true,
  summary: 'Create an API key; the key is shown once',
  http: { method: 'POST', path: '/spaces/:spaceId/api-keys', status: 201 },
  input: z.strictObject({
    ...InSpace,
    name: Name,
    role: AssignableRole.default('admin'),
    /** What is done with the key is done by this account then. */
    serviceAccountId: Id.optional(),
    expiresAt: z.iso.datetime().optional(),
  }),
  output: ApiKeySchema.extend({ key: z.string() }).meta({ id: 'CreatedApiKey' }),
});

export const listApiKeys = defineOperation({
  name: 'identity.list_api_keys',
  kind: 'query',
  permission: 'api_keys:read',
  summary: 'List API keys of a space',
  http: { method: 'GET', path: '/spaces/:spaceId/api-keys' },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(ApiKeySchema),
});

export const revokeApiKey = defineOperation({
  name: 'identity.revoke_api_key',
  kind: 'command',
  permission: 'api_keys:manage',
  summary: 'Revoke an API key; takes effect within two seconds',
  http: { method: 'DELETE', path: '/spaces/:spaceId/api-keys/:keyId' },
  input: z.strictObject({ ...InSpace, keyId: Id }),
  output: EmptyOutput,
});

export const createServiceAccount = defineOperation({
  name: 'identity.create_service_account',
  kind: 'command',
  permission: 'service_accounts:manage',
  summary: 'Create a service account',
  http: { method: 'POST', path: '/spaces/:spaceId/service-accounts', status: 201 },
  input: z.strictObject({ ...InSpace, name: Name }),
  output: ServiceAccountSchema,
});

export const listServiceAccounts = defineOperation({
  name: 'identity.list_service_accounts',
  kind: 'query',
  permission: 'service_accounts:read',
  summary: 'List service accounts of a space',
  http: { method: 'GET', path: '/spaces/:spaceId/service-accounts' },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(ServiceAccountSchema),
});

export const findAccount = defineOperation({
  name: 'identity.find_account',
  kind: 'query',
  permission: 'internal',
  summary: 'Find a member or service account of a space',
  input: z.strictObject({ ...InSpace, accountId: Id }),
  output: z.object({ accountId: Id, name: z.string(), type: z.enum(['person', 'service']) }),
});

export const listAuditLog = defineOperation({
  name: 'identity.list_audit_log',
  kind: 'query',
  permission: 'audit:read',
  summary: 'List entries of the audit log, newest first',
  http: { method: 'GET', path: '/spaces/:spaceId/audit-log' },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(AuditEntrySchema),
});
