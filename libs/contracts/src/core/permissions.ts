/** The roles a principal can have in a space. `visitor` and `service` are never given to people. */
export const roles = ['owner', 'admin', 'agent', 'viewer', 'visitor', 'service'] as const;

/** One role. */
export type Role = (typeof roles)[number];

/** Every permission, `<resource>:<verb>`. An operation names exactly one. */
export const permissions = [
  'space:read',
  'space:update',
  'members:read',
  'members:manage',
  'api_keys:read',
  'api_keys:manage',
  'service_accounts:read',
  'service_accounts:manage',
  'audit:read',
  'channels:read',
  'channels:manage',
  'contacts:read',
  'contacts:manage',
  'rooms:read',
  'rooms:manage',
  'conversations:read',
  'conversations:create',
  'conversations:manage',
  'messages:read',
  'messages:write',
  'agents:read',
  'agents:manage',
  'flows:read',
  'flows:manage',
  'runs:read',
  'knowledge:read',
  'knowledge:manage',
  'notifications:read',
  'notifications:manage',
  'assets:read',
  'assets:write',
  'assets:manage',
  'calls:read',
  'calls:manage',
  'events:read',
] as const;

/** One permission. */
export type Permission = (typeof permissions)[number];

const viewer: readonly Permission[] = [
  'space:read',
  'members:read',
  'channels:read',
  'contacts:read',
  'rooms:read',
  'conversations:read',
  'messages:read',
  'agents:read',
  'flows:read',
  'runs:read',
  'knowledge:read',
  'notifications:read',
  'assets:read',
  'calls:read',
];
const agent: readonly Permission[] = [
  ...viewer,
  'contacts:manage',
  'rooms:manage',
  'conversations:create',
  'conversations:manage',
  'messages:write',
  'assets:write',
  'assets:manage',
  'calls:manage',
  'events:read',
];
const ownerOnly: ReadonlySet<Permission> = new Set(['space:update']);
const visitor: readonly Permission[] = [
  'conversations:read',
  'messages:read',
  'messages:write',
  'assets:read',
  'assets:write',
];

/**
 * The one table of roles and permissions. A visitor's permissions reach only the conversations of its own contact;
 * the owner of an operation narrows them further.
 */
export const rolePermissions: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  owner: new Set(permissions),
  admin: new Set(permissions.filter((permission) => !ownerOnly.has(permission))),
  agent: new Set(agent),
  viewer: new Set(viewer),
  visitor: new Set(visitor),
  service: new Set(permissions),
};

/** Roles that people and keys hold, the lowest first. */
const ranks: readonly Role[] = ['viewer', 'agent', 'admin', 'owner'];

/** Whether one role may grant, change or end another: only what is not above itself. */
export function roleCovers(role: Role, other: Role): boolean {
  return ranks.indexOf(role) >= ranks.indexOf(other);
}

/** Whether a role includes a permission. */
export function roleAllows(role: Role, permission: Permission): boolean {
  return rolePermissions[role].has(permission);
}
