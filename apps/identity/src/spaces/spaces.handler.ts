import { Controller } from '@nestjs/common';
import {
  createSpace,
  cursorOf,
  getSpace,
  listAuditLog,
  listSpaces,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  permissionDenied,
  type Role,
  roleIn,
  spaceChanged,
  spaceCreated,
  updateSpace,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { EventLog, HandleOperation, type OperationContext } from '@parley/messaging';
import { AccountsRepository } from '../accounts/accounts.repository.ts';
import type { IdentityTrx, SpaceRow, SpaceSettings, Tables } from '../database.ts';
import { AuditService } from './audit.service.ts';
import { MembersService } from './members.service.ts';
import { SpacesRepository } from './spaces.repository.ts';

type Context = OperationContext<Tables>;
type Space = OperationOutput<typeof getSpace>;

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

@Controller()
export class SpacesHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly spaces: SpacesRepository,
    private readonly accounts: AccountsRepository,
    private readonly members: MembersService,
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
    await this.events.append(trx, [
      { definition: spaceCreated, spaceId, data: { spaceId, name: row.name, ownerAccountId: account.id } },
    ]);
    await this.members.add(trx, { spaceId, account, role: 'owner' });
    if (actsElsewhere(row)) await this.events.append(trx, [toChanged(row)]);
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
}
