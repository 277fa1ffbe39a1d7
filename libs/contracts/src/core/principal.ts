import { z } from 'zod';
import { type Role, roles } from './permissions.ts';

/** Who asks: resolved once by the gateway from a credential, carried to the owner of an operation in a header. */
export const PrincipalSchema = z.object({
  type: z.enum(['account', 'api_key', 'service_account', 'visitor', 'service', 'anonymous']),
  /** Stable id of the actor: account, key, visitor contact or service name. */
  id: z.string(),
  name: z.string().optional(),
  accountId: z.string().optional(),
  keyId: z.string().optional(),
  /** Visitors only: the contact they are, and the channel they came through. */
  contactId: z.string().optional(),
  channelId: z.string().optional(),
  visitorId: z.string().optional(),
  /** Accounts only: the session that the access token belongs to. */
  sessionId: z.string().optional(),
  /** Where a caller of `/auth` operations comes from, as the gateway saw it: for lock-out and the list of sessions. */
  address: z.string().optional(),
  userAgent: z.string().optional(),
  /** Role by space id. */
  spaces: z.record(z.string(), z.enum(roles)),
});

/** Who asks. */
export type Principal = z.infer<typeof PrincipalSchema>;

/** The principal of a request without credential. */
export const anonymous: Principal = { type: 'anonymous', id: 'anonymous', spaces: {} };

/** The principal a service uses when it asks an operation of another for a space. */
export function servicePrincipal(service: string, spaceId?: string): Principal {
  return { type: 'service', id: service, name: service, spaces: spaceId ? { [spaceId]: 'service' } : {} };
}

/** Whether a principal is an API key that is no account's: its name is for those who manage keys. */
export function isBareKey({ type, accountId }: Pick<Principal, 'type' | 'accountId'>): boolean {
  return type === 'api_key' && accountId === undefined;
}

/** The name under which a principal is shown as typing. */
export function typingName(principal: Principal): string {
  const name = isBareKey(principal) ? undefined : principal.name;
  return name ?? (principal.type === 'visitor' ? 'The visitor' : 'Somebody');
}

/** The role of a principal in a space; undefined in a space of others. Only own properties count: `constructor` is no space. */
export function roleIn({ spaces }: Pick<Principal, 'spaces'>, spaceId: string): Role | undefined {
  return Object.hasOwn(spaces, spaceId) ? spaces[spaceId] : undefined;
}
