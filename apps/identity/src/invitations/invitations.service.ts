import { Injectable } from '@nestjs/common';
import {
  conflict,
  newId,
  notFound,
  permissionDenied,
  type Principal,
  ProblemError,
  type Role,
  unprocessable,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { InjectConfig } from '@parley/service';
import { drawSecret, matchesHash, splitToken } from '../accounts/account-tokens.repository.ts';
import type { IdentityConfig } from '../config.ts';
import type { AccountRow, IdentityTrx, InvitationRow, MembershipRow, Tables } from '../database.ts';
import { AccountMailsService } from '../mails/account-mails.service.ts';
import { AuditService } from '../spaces/audit.service.ts';
import { alreadyMember, MembersService, requireCovered } from '../spaces/members.service.ts';
import { SpacesRepository } from '../spaces/spaces.repository.ts';
import { InvitationsRepository } from './invitations.repository.ts';

const DAY_MS = 86_400_000;

/** Invitations: the only way into a space for anybody but its creator. */
@Injectable()
export class InvitationsService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly invitations: InvitationsRepository,
    private readonly spaces: SpacesRepository,
    private readonly members: MembersService,
    private readonly mails: AccountMailsService,
    private readonly audit: AuditService,
    @InjectConfig() private readonly config: IdentityConfig,
  ) {}

  async create(
    trx: IdentityTrx,
    input: { spaceId: string; email: string; role: InvitationRow['role'] },
    principal: Principal,
  ): Promise<InvitationRow> {
    const { spaceId, email, role } = input;
    const accountId = await this.requireGrant(trx, spaceId, role, principal);
    if (await this.spaces.hasMember(trx, spaceId, email)) throw alreadyMember();
    await this.invitations.revokeExpired(trx, spaceId, email);
    const id = newId('inv');
    const { secret, hash } = drawSecret();
    const row = await this.invitations.insert(trx, {
      space_id: spaceId,
      id,
      email,
      role,
      token_hash: hash,
      invited_by: accountId,
      expires_at: this.expiry(),
      accepted_by: null,
      accepted_at: null,
      revoked_at: null,
    });
    if (!row)
      throw conflict(
        'An invitation to this address is open. Resend it, or revoke it first.',
        'already_invited',
      );
    await this.mail(trx, row, `${id}.${secret}`, principal);
    await this.audit.note(trx, spaceId, principal, 'invitation.created', id);
    return row;
  }

  async resend(
    trx: IdentityTrx,
    of: { spaceId: string; invitationId: string },
    principal: Principal,
  ): Promise<InvitationRow> {
    const row = await this.lockOpen(trx, of);
    const accountId = await this.requireGrant(trx, of.spaceId, row.role, principal);
    const { secret, hash } = drawSecret();
    const change = { token_hash: hash, expires_at: this.expiry(), invited_by: accountId };
    const renewed = await this.invitations.renew(trx, row, change);
    await this.mail(trx, renewed, `${row.id}.${secret}`, principal);
    await this.audit.note(trx, of.spaceId, principal, 'invitation.resent', row.id);
    return renewed;
  }

  async revoke(
    trx: IdentityTrx,
    of: { spaceId: string; invitationId: string },
    principal: Principal,
  ): Promise<void> {
    const row = await this.lockOpen(trx, of);
    const grantor = await this.members.lockGrantor(trx, of.spaceId, principal);
    requireCovered(grantor, row.role, 'revoke an invitation');
    await this.invitations.revoke(trx, of.spaceId, row.id);
    await this.audit.note(trx, of.spaceId, principal, 'invitation.revoked', row.id);
  }

  /**
   * The invitation of a token, locked, if it is for this address and can be accepted; works for its space from then on.
   * @throws ProblemError 404, 403 `invitation_not_yours`, 409 `invitation_used`, 422 `invitation_expired`
   */
  async require(
    trx: IdentityTrx,
    token: string,
    account: { email: string; id?: string },
  ): Promise<InvitationRow> {
    const { id, secret } = splitToken(token);
    const spaceId = await this.invitations.spaceOf(trx, id);
    if (!spaceId) throw notFound('The invitation');
    await this.database.setSpaces(trx, [spaceId]);
    const row = await this.invitations.lock(trx, spaceId, id);
    if (!row || !matchesHash(secret, row.token_hash)) throw notFound('The invitation');
    if (row.email !== account.email)
      throw new ProblemError({
        status: 403,
        code: 'invitation_not_yours',
        detail: 'This invitation is for another e-mail address. Sign in with the account of that address.',
      });
    if (row.accepted_at && row.accepted_by !== account.id)
      throw conflict('This invitation was accepted already. Sign in.', 'invitation_used');
    if (!row.accepted_at && (row.revoked_at || row.expires_at <= new Date()))
      throw unprocessable(
        'This invitation has expired or was revoked. Ask for a new one.',
        'invitation_expired',
      );
    return row;
  }

  /** Makes the account a member of the invitation's space; the address is verified before. */
  async accept(trx: IdentityTrx, row: InvitationRow, account: AccountRow): Promise<MembershipRow> {
    const { space_id: spaceId, role } = row;
    const actor: Principal = { type: 'account', id: account.id, accountId: account.id, spaces: {} };
    const added = row.accepted_at ? undefined : await this.members.add(trx, { spaceId, account, role });
    const member = added ?? (await this.spaces.findMember(trx, spaceId, account.id));
    // Who accepted, and has left since, needs a new invitation.
    if (!member)
      throw conflict('This invitation was accepted already. Ask for a new one.', 'invitation_used');
    if (row.accepted_at) return member;
    await this.invitations.accept(trx, row, account.id);
    await this.audit.note(trx, spaceId, actor, 'invitation.accepted', row.id);
    return member;
  }

  /** The member on whose behalf the caller invites. */
  private async requireGrant(
    trx: IdentityTrx,
    spaceId: string,
    role: Role,
    principal: Principal,
  ): Promise<string | null> {
    const grantor = await this.members.lockGrantor(trx, spaceId, principal);
    requireCovered(grantor, role, 'invite somebody');
    if (await this.spaces.hasVerifiedOwner(trx, spaceId)) return grantor.accountId;
    throw new ProblemError({
      status: 403,
      code: 'email_unverified',
      detail:
        'No owner of this space has verified the e-mail address yet. Follow the link in the verification mail, then invite.',
    });
  }

  private async lockOpen(
    trx: IdentityTrx,
    { spaceId, invitationId }: { spaceId: string; invitationId: string },
  ): Promise<InvitationRow> {
    const row = await this.invitations.lock(trx, spaceId, invitationId);
    if (!row) throw notFound('The invitation');
    if (row.accepted_at || row.revoked_at)
      throw conflict('This invitation was accepted or revoked already. Make a new one.', 'invitation_closed');
    return row;
  }

  private async mail(
    trx: IdentityTrx,
    row: InvitationRow,
    token: string,
    principal: Principal,
  ): Promise<void> {
    const { space_id: spaceId, email, role, expires_at: expiresAt } = row;
    await this.mails.requireRoomOf(trx, spaceId);
    await this.mails.requireRoom(trx, 'invitation', email);
    const space = await this.spaces.find(trx, spaceId);
    if (!space) throw permissionDenied('The space is gone.');
    const values = { spaceName: space.name, inviterName: principal.name ?? '', role };
    const mail = { kind: 'invitation' as const, to: { email, name: '' }, values };
    await this.mails.enqueue(trx, mail, { token, expiresAt, spaceId });
  }

  private expiry(): Date {
    return new Date(Date.now() + this.config.INVITATION_DAYS * DAY_MS);
  }
}
