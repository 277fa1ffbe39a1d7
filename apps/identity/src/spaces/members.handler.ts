import { Controller } from '@nestjs/common';
import {
  cursorOf,
  leaveSpace,
  listMembers,
  type OperationInput,
  type OperationOutput,
  pageOf,
  permissionDenied,
  removeMember,
  updateMember,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { MembershipRow, Tables } from '../database.ts';
import { MembersService } from './members.service.ts';
import { SpacesRepository } from './spaces.repository.ts';

type Context = OperationContext<Tables>;
type Member = OperationOutput<typeof updateMember>;

/** A member as the API shows it. */
export function toMember(row: MembershipRow): Member {
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
export class MembersHandler {
  constructor(
    private readonly spaces: SpacesRepository,
    private readonly members: MembersService,
  ) {}

  @HandleOperation(listMembers)
  async list(
    input: OperationInput<typeof listMembers>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listMembers>> {
    const { spaceId, limit, cursor } = input;
    const rows = await this.spaces.listMembers(trx, spaceId, { limit, before: cursorOf(cursor) });
    return pageOf(rows, limit, toMember);
  }

  @HandleOperation(updateMember)
  async update(input: OperationInput<typeof updateMember>, { trx, principal }: Context): Promise<Member> {
    return toMember(await this.members.change(trx, input, input.role, principal));
  }

  @HandleOperation(removeMember)
  async remove(
    input: OperationInput<typeof removeMember>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof removeMember>> {
    await this.members.remove(trx, input, principal, 'member.removed');
    return {};
  }

  @HandleOperation(leaveSpace)
  async leave(
    { spaceId }: OperationInput<typeof leaveSpace>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof leaveSpace>> {
    if (principal.type !== 'account')
      throw permissionDenied('Only a person who is signed in can leave a space. Revoke a key instead.');
    await this.members.remove(trx, { spaceId, accountId: principal.id }, principal, 'member.left');
    return {};
  }
}
