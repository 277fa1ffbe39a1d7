import { Controller } from '@nestjs/common';
import {
  acceptInvitation,
  createInvitation,
  cursorOf,
  listInvitations,
  type OperationInput,
  type OperationOutput,
  pageOf,
  permissionDenied,
  resendInvitation,
  revokeInvitation,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { AccountsRepository } from '../accounts/accounts.repository.ts';
import { VerificationService } from '../accounts/verification.service.ts';
import type { InvitationRow, Tables } from '../database.ts';
import { toMember } from '../spaces/members.handler.ts';
import { InvitationsRepository } from './invitations.repository.ts';
import { InvitationsService } from './invitations.service.ts';

type Context = OperationContext<Tables>;
type Invitation = OperationOutput<typeof createInvitation>;

function toInvitation(row: InvitationRow): Invitation {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    status: statusOf(row),
    invitedBy: row.invited_by,
    expiresAt: row.expires_at.toISOString(),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

function statusOf(row: InvitationRow): Invitation['status'] {
  if (row.accepted_at) return 'accepted';
  if (row.revoked_at) return 'revoked';
  return row.expires_at <= new Date() ? 'expired' : 'pending';
}

@Controller()
export class InvitationsHandler {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly verification: VerificationService,
    private readonly repository: InvitationsRepository,
    private readonly invitations: InvitationsService,
  ) {}

  @HandleOperation(createInvitation)
  async create(
    input: OperationInput<typeof createInvitation>,
    { trx, principal }: Context,
  ): Promise<Invitation> {
    return toInvitation(await this.invitations.create(trx, input, principal));
  }

  @HandleOperation(listInvitations)
  async list(
    input: OperationInput<typeof listInvitations>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listInvitations>> {
    const { spaceId, limit, cursor } = input;
    const rows = await this.repository.list(trx, spaceId, { limit, before: cursorOf(cursor) });
    return pageOf(rows, limit, toInvitation);
  }

  @HandleOperation(resendInvitation)
  async resend(
    input: OperationInput<typeof resendInvitation>,
    { trx, principal }: Context,
  ): Promise<Invitation> {
    return toInvitation(await this.invitations.resend(trx, input, principal));
  }

  @HandleOperation(revokeInvitation)
  async revoke(
    input: OperationInput<typeof revokeInvitation>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof revokeInvitation>> {
    await this.invitations.revoke(trx, input, principal);
    return {};
  }

  @HandleOperation(acceptInvitation)
  async accept(
    input: OperationInput<typeof acceptInvitation>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof acceptInvitation>> {
    const account = principal.type === 'account' ? await this.accounts.find(trx, principal.id) : undefined;
    if (!account) throw permissionDenied('Only a person who is signed in can accept an invitation.');
    const row = await this.invitations.require(trx, input.token, account);
    // The link came by mail to this address.
    const verified = await this.verification.markVerified(trx, account);
    return {
      ...toMember(await this.invitations.accept(trx, row, verified)),
      spaceId: row.space_id,
    };
  }
}
