import { Injectable } from '@nestjs/common';
import {
  conflict,
  keyRevoked,
  memberChanged,
  newId,
  notFound,
  permissionDenied,
  type Principal,
  type Role,
  roleCovers,
  roleIn,
  unprocessable,
} from '@parley/contracts';
import { EventLog } from '@parley/messaging';
import { AccountsRepository } from '../accounts/accounts.repository.ts';
import type { AccountRow, IdentityTrx, MembershipRow } from '../database.ts';
import { InvitationsRepository } from '../invitations/invitations.repository.ts';
import { KeysRepository } from '../keys/keys.repository.ts';
import { AuditService } from './audit.service.ts';
import { SpacesRepository } from './spaces.repository.ts';

/** Who grants something in a space: with which role, and on behalf of which member. */
export interface Grantor {
  role: Role;
  accountId: string | null;
}

/** Members of spaces: how they come, change and go, with all that depends on them. */
@Injectable()
export class MembersService {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly spaces: SpacesRepository,
    private readonly keys: KeysRepository,
    private readonly invitations: InvitationsRepository,
    private readonly audit: AuditService,
    private readonly events: EventLog,
  ) {}

  /**
   * The role a caller grants with, as it stands now; locked, so that what it grants cannot outlive it unseen.
   * @throws ProblemError 403 for a membership or key that has just ended
   */
  async lockGrantor(trx: IdentityTrx, spaceId: string, principal: Principal): Promise<Grantor> {
    const grantor = principal.keyId
      ? await this.lockKey(trx, spaceId, principal.keyId)
      : await this.lockMember(trx, spaceId, principal.accountId ?? '');
    if (!grantor) throw permissionDenied('Your membership or key of this space has ended. Sign in again.');
    return grantor;
  }

  /** Makes an account a member; undefined when it is one already. */
  async add(
    trx: IdentityTrx,
    of: { spaceId: string; account: AccountRow; role: Role },
  ): Promise<MembershipRow | undefined> {
    const { spaceId, account, role } = of;
    const row = await this.spaces.insertMember(trx, {
      space_id: spaceId,
      account_id: account.id,
      id: newId('mem'),
      role,
      name: account.name,
      email: account.email,
    });
    if (row) await this.announce(trx, row, { role, emailVerified: account.email_verified });
    return row;
  }

  /** Changes a member's role; keys and invitations of the member that reach beyond the new one end. */
  async change(
    trx: IdentityTrx,
    of: { spaceId: string; accountId: string },
    role: Role,
    principal: Principal,
  ): Promise<MembershipRow> {
    const row = await this.lock(trx, of, principal, role);
    const changed = await this.spaces.updateMember(trx, row, role);
    const account = await this.accounts.find(trx, row.account_id);
    await this.announce(trx, changed, { role, emailVerified: account?.email_verified ?? true });
    await this.audit.note(trx, row.space_id, principal, 'member.changed', row.account_id);
    await this.endGrants(trx, row, principal, (granted) => !roleCovers(role, granted));
    return changed;
  }

  /** Ends a membership, and the keys and invitations that the member made. */
  async remove(
    trx: IdentityTrx,
    of: { spaceId: string; accountId: string },
    principal: Principal,
    action: 'member.removed' | 'member.left',
  ): Promise<void> {
    const row = await this.lock(trx, of, principal, null);
    await this.spaces.deleteMember(trx, row);
    await this.announce(trx, row, { role: null });
    await this.audit.note(trx, row.space_id, principal, action, row.account_id);
    await this.endGrants(trx, row, principal, () => true);
  }

  /** Tells others of a member. */
  async announce(
    trx: IdentityTrx,
    row: MembershipRow,
    state: { role: Role | null; emailVerified?: boolean },
  ): Promise<void> {
    const data = { accountId: row.account_id, name: row.name, email: row.email, ...state };
    await this.events.append(trx, [{ definition: memberChanged, spaceId: row.space_id, data }]);
  }

  /** Revokes keys, tells others, and notes it. */
  async revokeKeys(
    trx: IdentityTrx,
    spaceId: string,
    keyIds: readonly string[],
    principal: Principal,
  ): Promise<void> {
    for (const keyId of keyIds) {
      await this.keys.revoke(trx, spaceId, keyId);
      await this.audit.note(trx, spaceId, principal, 'api_key.revoked', keyId);
    }
    await this.events.append(
      trx,
      keyIds.map((keyId) => ({ definition: keyRevoked, spaceId, data: { keyId } })),
    );
  }

  /** A key grants with its own role, on behalf of the member who made it. */
  private async lockKey(trx: IdentityTrx, spaceId: string, keyId: string): Promise<Grantor | null> {
    const key = await this.keys.lockToGrant(trx, spaceId, keyId);
    if (!key) return null;
    const { role, created_by: accountId } = key;
    if (accountId !== null && !(await this.spaces.lockToGrant(trx, spaceId, accountId))) return null;
    return { role, accountId };
  }

  private async lockMember(trx: IdentityTrx, spaceId: string, accountId: string): Promise<Grantor | null> {
    const member = await this.spaces.lockToGrant(trx, spaceId, accountId);
    return member ? { role: member.role, accountId } : null;
  }

  private async endGrants(
    trx: IdentityTrx,
    { space_id: spaceId, account_id: accountId }: MembershipRow,
    principal: Principal,
    ends: (role: Role) => boolean,
  ): Promise<void> {
    const keys = await this.keys.madeBy(trx, spaceId, accountId);
    const ended = keys.filter(({ role }) => ends(role)).map(({ id }) => id);
    await this.revokeKeys(trx, spaceId, ended, principal);
    for (const { id, role } of await this.invitations.openOf(trx, spaceId, accountId)) {
      if (!ends(role)) continue;
      await this.invitations.revoke(trx, spaceId, id);
      await this.audit.note(trx, spaceId, principal, 'invitation.revoked', id);
    }
  }

  /** A member whose role may change to this one; the last owner stays. */
  private async lock(
    trx: IdentityTrx,
    of: { spaceId: string; accountId: string },
    principal: Principal,
    role: Role | null,
  ): Promise<MembershipRow> {
    const rows = await this.spaces.lockMembers(trx, of.spaceId, of.accountId);
    const row = rows.find((one) => one.account_id === of.accountId);
    if (!row) throw notFound('The member');
    const own = principal.type === 'account' && principal.id === row.account_id && role === null;
    if (!own) this.requireCover(principal, of.spaceId, [row.role, role ?? row.role]);
    const owners = rows.filter((one) => one.role === 'owner');
    if (row.role === 'owner' && role !== 'owner' && owners.length === 1) {
      throw unprocessable(
        'The last owner of a space cannot leave or step down. Make somebody else owner first.',
        'last_owner',
      );
    }
    return row;
  }

  private requireCover(principal: Principal, spaceId: string, roles: readonly Role[]): void {
    const own = roleIn(principal, spaceId);
    if (!own || roles.some((role) => !roleCovers(own, role)))
      throw permissionDenied('Only an owner can make, change or remove an owner.');
  }
}

/**
 * Refuses to grant more than one has.
 * @throws ProblemError 403
 */
export function requireCovered(grantor: Grantor, role: Role, what: string): void {
  if (!roleCovers(grantor.role, role))
    throw permissionDenied(`Your role ${grantor.role} cannot ${what} with the role ${role}. Ask an owner.`);
}

/** The answer to a second membership. */
export const alreadyMember = (): Error =>
  conflict('This account is a member already. PATCH it to change its role.', 'already_member');
