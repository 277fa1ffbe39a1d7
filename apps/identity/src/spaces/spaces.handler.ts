import { Controller } from '@nestjs/common';
import {
  addMember,
  conflict,
  createSpace,
  cursorOf,
  getSpace,
  listAuditLog,
  listMembers,
  listSpaces,
  memberChanged,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  permissionDenied,
  type Principal,
  removeMember,
  type Role,
  roleIn,
  spaceChanged,
  spaceCreated,
  unprocessable,
  updateMember,
  updateSpace,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { EventLog, HandleOperation, type OperationContext } from '@parley/messaging';
import { AccountsRepository } from '../accounts/accounts.repository.ts';
import type { IdentityTrx, MembershipRow, SpaceRow, SpaceSettings, Tables } from '../database.ts';
import { AuditService } from './audit.service.ts';
import { SpacesRepository } from './spaces.repository.ts';

type Context = OperationContext<Tables>;
type Space = OperationOutput<typeof getSpace>;
type Member = OperationOutput<typeof updateMember>;

const defaults: SpaceSettings = {
  recordingConsent: 'announcement',
  retentionDays: null,
  limits: {},
  voice: null,
};

function toSpace(row: SpaceRow, role: Role): Space {
  return {
    id: row.space_id,
    name: row.name,
    role,
    settings: settingsOf(row),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Space['metadata'],
  };
}

/** Settings that came later than the space have their defaults. */
function settingsOf(row: SpaceRow): SpaceSettings {
  return { ...defaults, ...row.settings };
}

function toChanged(row: SpaceRow) {
  const { space_id: spaceId, name } = row;
  const { voice, retentionDays, recordingConsent } = settingsOf(row);
  const data = { spaceId, name, voice, retentionDays, recordingConsent };
  return { definition: spaceChanged, spaceId, data };
}

/** Settings that other services act on. */
function actsElsewhere(row: SpaceRow): boolean {
  const { voice, retentionDays, recordingConsent } = settingsOf(row);
  return voice !== null || retentionDays !== null || recordingConsent !== defaults.recordingConsent;
}

function toMember(row: MembershipRow): Member {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    email: row.email,
    role: row.role,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

@Controller()
export class SpacesHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly spaces: SpacesRepository,
    private readonly accounts: AccountsRepository,
    private readonly audit: AuditService,
    private readonly events: EventLog,
  ) {}

  @HandleOperation(createSpace)
  async create(input: OperationInput<typeof createSpace>, { trx, principal }: Context): Promise<Space> {
    const account = principal.accountId ? await this.accounts.find(trx, principal.accountId) : undefined;
    if (!account)
      throw permissionDenied('Only a person who is signed in can create a space: an API key belongs to one.');
    const spaceId = newId('space');
    await this.database.setSpaces(trx, [spaceId]);
    const settings = JSON.stringify({ ...defaults, ...input.settings });
    const row = await this.spaces.insert(trx, {
      space_id: spaceId,
      name: input.name,
      settings,
      metadata: JSON.stringify(input.metadata ?? {}),
    });
    await this.spaces.insertMember(trx, {
      space_id: spaceId,
      account_id: account.id,
      id: newId('mem'),
      role: 'owner',
      name: account.name,
      email: account.email,
    });
    await this.events.append(trx, [
      { definition: spaceCreated, spaceId, data: { spaceId, name: row.name, ownerAccountId: account.id } },
      {
        definition: memberChanged,
        spaceId,
        data: { accountId: account.id, name: account.name, email: account.email, role: 'owner' },
      },
      ...(actsElsewhere(row) ? [toChanged(row)] : []),
    ]);
    await this.audit.note(trx, spaceId, principal, 'space.created', spaceId);
    return toSpace(row, 'owner');
  }

  @HandleOperation(listSpaces)
  async list(
    input: OperationInput<typeof listSpaces>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listSpaces>> {
    const before = cursorOf(input.cursor);
    const rows = (await this.spaces.findMany(trx, Object.keys(principal.spaces))).filter(
      (row) => before === null || row.space_id < before,
    );
    const shaped = rows.map((row) => toSpace(row, principal.spaces[row.space_id] ?? 'viewer'));
    return pageOf(shaped, input.limit, (space) => space);
  }

  @HandleOperation(getSpace)
  async get(input: OperationInput<typeof getSpace>, { trx, principal }: Context): Promise<Space> {
    return toSpace(await this.require(trx, input.spaceId), roleIn(principal, input.spaceId) ?? 'viewer');
  }

  @HandleOperation(updateSpace)
  async update(input: OperationInput<typeof updateSpace>, { trx, principal }: Context): Promise<Space> {
    const row = await this.require(trx, input.spaceId);
    const { name, settings, metadata } = input;
    const changed = await this.spaces.update(trx, row.space_id, {
      ...(name ? { name } : {}),
      ...(settings ? { settings: JSON.stringify({ ...row.settings, ...settings }) } : {}),
      ...(metadata ? { metadata: JSON.stringify(metadata) } : {}),
    });
    await this.events.append(trx, [toChanged(changed)]);
    await this.audit.note(trx, row.space_id, principal, 'space.updated', row.space_id);
    return toSpace(changed, roleIn(principal, input.spaceId) ?? 'viewer');
  }

  @HandleOperation(listMembers)
  async members(
    input: OperationInput<typeof listMembers>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listMembers>> {
    return pageOf(
      await this.spaces.listMembers(trx, input.spaceId, {
        limit: input.limit,
        before: cursorOf(input.cursor),
      }),
      input.limit,
      toMember,
    );
  }

  @HandleOperation(addMember)
  async addMember(input: OperationInput<typeof addMember>, { trx, principal }: Context): Promise<Member> {
    requireOwnerFor(input.role, principal, input.spaceId);
    const account = await this.accounts.findByEmail(trx, input.email);
    if (!account)
      throw unprocessable('Nobody with this e-mail has an account. They sign up first.', 'unknown_account');
    const row = await this.spaces.insertMember(trx, {
      space_id: input.spaceId,
      account_id: account.id,
      id: newId('mem'),
      role: input.role,
      name: account.name,
      email: account.email,
    });
    if (!row)
      throw conflict('This account is a member already. PATCH it to change its role.', 'already_member');
    await this.announce(trx, row, row.role, principal);
    return toMember(row);
  }

  @HandleOperation(updateMember)
  async updateMember(
    input: OperationInput<typeof updateMember>,
    { trx, principal }: Context,
  ): Promise<Member> {
    const row = await this.lockMember(trx, input, principal, input.role);
    const changed = await this.spaces.updateMember(trx, row, input.role);
    await this.announce(trx, changed, changed.role, principal);
    return toMember(changed);
  }

  @HandleOperation(removeMember)
  async removeMember(
    input: OperationInput<typeof removeMember>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof removeMember>> {
    const row = await this.lockMember(trx, input, principal, null);
    await this.spaces.deleteMember(trx, row);
    await this.announce(trx, row, null, principal);
    return {};
  }

  @HandleOperation(listAuditLog)
  async auditLog(
    input: OperationInput<typeof listAuditLog>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listAuditLog>> {
    const rows = await this.spaces.listAudit(trx, input.spaceId, {
      limit: input.limit,
      before: cursorOf(input.cursor),
    });
    return pageOf(rows, input.limit, (row) => ({
      id: row.id,
      actorType: row.actor_type,
      actorId: row.actor_id,
      action: row.action,
      targetId: row.target_id,
      createdAt: row.created_at.toISOString(),
    }));
  }

  private async require(trx: IdentityTrx, spaceId: string): Promise<SpaceRow> {
    const row = await this.spaces.find(trx, spaceId);
    if (!row) throw notFound('The space');
    return row;
  }

  /** A member whose role may change to this one; the last owner stays. */
  private async lockMember(
    trx: IdentityTrx,
    input: { spaceId: string; accountId: string },
    principal: Principal,
    role: Role | null,
  ): Promise<MembershipRow> {
    const rows = await this.spaces.lockMembers(trx, input.spaceId, input.accountId);
    const row = rows.find((one) => one.account_id === input.accountId);
    if (!row) throw notFound('The member');
    if (row.role === 'owner' || role === 'owner') requireOwnerFor('owner', principal, input.spaceId);
    const owners = rows.filter((one) => one.role === 'owner');
    if (row.role === 'owner' && role !== 'owner' && owners.length === 1) {
      throw unprocessable(
        'The last owner of a space cannot leave or step down. Make somebody else owner first.',
        'last_owner',
      );
    }
    return row;
  }

  private async announce(
    trx: IdentityTrx,
    row: MembershipRow,
    role: Role | null,
    principal: Principal,
  ): Promise<void> {
    const data = { accountId: row.account_id, name: row.name, email: row.email, role };
    await this.events.append(trx, [{ definition: memberChanged, spaceId: row.space_id, data }]);
    await this.audit.note(
      trx,
      row.space_id,
      principal,
      role === null ? 'member.removed' : 'member.changed',
      row.account_id,
    );
  }
}

function requireOwnerFor(role: Role, principal: Principal, spaceId: string): void {
  if (role === 'owner' && roleIn(principal, spaceId) !== 'owner')
    throw permissionDenied('Only an owner can make, change or remove an owner.');
}
