import { Controller } from '@nestjs/common';
import {
  createApiKey,
  createServiceAccount,
  cursorOf,
  listApiKeys,
  listServiceAccounts,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  revokeApiKey,
  unprocessable,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { ApiKeyRow, Tables } from '../database.ts';
import { AuditService } from '../spaces/audit.service.ts';
import { MembersService, requireCovered } from '../spaces/members.service.ts';
import { makeKey } from './key-format.ts';
import { KeysRepository } from './keys.repository.ts';

type Context = OperationContext<Tables>;
type ApiKey = OperationOutput<typeof listApiKeys>['data'][number];

function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    serviceAccountId: row.service_account_id,
    createdBy: row.created_by,
    prefix: `parley_sk_${row.id.slice('key_'.length)}`,
    lastFour: row.last_four,
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

@Controller()
export class KeysHandler {
  constructor(
    private readonly keys: KeysRepository,
    private readonly audit: AuditService,
    private readonly members: MembersService,
  ) {}

  @HandleOperation(createApiKey)
  async create(
    input: OperationInput<typeof createApiKey>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof createApiKey>> {
    const { spaceId, serviceAccountId = null } = input;
    const grantor = await this.members.lockGrantor(trx, spaceId, principal);
    requireCovered(grantor, input.role, 'make a key');
    if (input.expiresAt && new Date(input.expiresAt) <= new Date()) {
      throw unprocessable('A key cannot expire before it is made. Give a later time, or none.', 'expired', [
        { pointer: '/expiresAt', detail: 'lies in the past' },
      ]);
    }
    if (serviceAccountId && !(await this.keys.findServiceAccount(trx, spaceId, serviceAccountId))) {
      throw unprocessable('The key cannot be that account’s.', 'unknown_reference', [
        { pointer: '/serviceAccountId', detail: 'names no service account of this space' },
      ]);
    }
    const id = newId('key');
    const { text, secretHash, lastFour } = makeKey(id);
    const row = await this.keys.insert(trx, {
      space_id: input.spaceId,
      id,
      name: input.name,
      role: input.role,
      service_account_id: serviceAccountId,
      secret_hash: secretHash,
      last_four: lastFour,
      expires_at: input.expiresAt ? new Date(input.expiresAt) : null,
      last_used_at: null,
      revoked_at: null,
      created_by: grantor.accountId,
    });
    await this.audit.note(trx, input.spaceId, principal, 'api_key.created', id);
    return { ...toApiKey(row), key: text };
  }

  @HandleOperation(listApiKeys)
  async list(
    input: OperationInput<typeof listApiKeys>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listApiKeys>> {
    return pageOf(
      await this.keys.list(trx, input.spaceId, { limit: input.limit, before: cursorOf(input.cursor) }),
      input.limit,
      toApiKey,
    );
  }

  @HandleOperation(revokeApiKey)
  async revoke(
    input: OperationInput<typeof revokeApiKey>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof revokeApiKey>> {
    const { spaceId, keyId } = input;
    const row = await this.keys.find(trx, spaceId, keyId);
    if (!row || row.revoked_at) throw notFound('The API key');
    // A key may always end itself.
    if (principal.keyId !== keyId) {
      const grantor = await this.members.lockGrantor(trx, spaceId, principal);
      requireCovered(grantor, row.role, 'revoke a key');
    }
    await this.members.revokeKeys(trx, spaceId, [keyId], principal);
    return {};
  }

  @HandleOperation(createServiceAccount)
  async createServiceAccount(
    input: OperationInput<typeof createServiceAccount>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof createServiceAccount>> {
    const row = await this.keys.insertServiceAccount(trx, {
      space_id: input.spaceId,
      id: newId('acc'),
      name: input.name,
    });
    if (!row) throw new Error('A service account could not be made.');
    await this.audit.note(trx, input.spaceId, principal, 'service_account.created', row.id);
    return {
      id: row.id,
      name: row.name,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
  }

  @HandleOperation(listServiceAccounts)
  async listServiceAccounts(
    input: OperationInput<typeof listServiceAccounts>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listServiceAccounts>> {
    const rows = await this.keys.listServiceAccounts(trx, input.spaceId, {
      limit: input.limit,
      before: cursorOf(input.cursor),
    });
    return pageOf(rows, input.limit, (row) => ({
      id: row.id,
      name: row.name,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    }));
  }
}
