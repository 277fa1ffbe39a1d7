import {
  acceptInvitation,
  createApiKey,
  createInvitation,
  leaveSpace,
  listAuditLog,
  listInvitations,
  listMembers,
  type Principal,
  removeMember,
  resendInvitation,
  revokeInvitation,
  updateMember,
} from '@parley/contracts';
import { type IdentityBench, openBench } from '../../test/bench.ts';

interface Space {
  principal: Principal;
  spaceId: string;
}

describe('An invitation', () => {
  let bench: IdentityBench;

  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  const invite = (
    { principal, spaceId }: Space,
    email: string,
    role: 'owner' | 'admin' | 'agent' = 'agent',
  ) => bench.call(createInvitation, { spaceId, email, role }, principal);
  const accept = (token: string, principal: Principal) => bench.call(acceptInvitation, { token }, principal);
  const account = async (email: string): Promise<Principal> => {
    const principal = await bench.known((await bench.join(email)).accessToken);
    if (!principal) throw new Error('The account is not known.');
    return principal;
  };
  const statuses = async ({ principal, spaceId }: Space) =>
    (await bench.call(listInvitations, { spaceId }, principal)).data.map(({ email, status }) => [
      email,
      status,
    ]);

  it('makes a member of the account with that address, once, and only when it is accepted', async () => {
    const space = await bench.owner('one@example.org');
    const guest = await account('guest-one@example.org');
    const stranger = await account('stranger-one@example.org');
    await invite(space, 'guest-one@example.org');
    const members = async () =>
      (await bench.call(listMembers, { spaceId: space.spaceId }, space.principal)).data.length;
    expect(await members()).toBe(1);
    const token = await bench.mailed('invitation', 'guest-one@example.org');
    expect(bench.mails.at(-1)?.values).toMatchObject({
      spaceName: 'Home',
      inviterName: 'Ada',
      role: 'agent',
    });
    await expect(accept(token, stranger)).rejects.toMatchObject({
      status: 403,
      code: 'invitation_not_yours',
    });
    await expect(accept(token.slice(0, -1), guest)).rejects.toMatchObject({ status: 404 });
    const member = await accept(token, guest);
    expect(member).toMatchObject({ accountId: guest.id, role: 'agent', spaceId: space.spaceId });
    // The same account gets the same answer; it is no second membership.
    expect((await accept(token, guest)).id).toBe(member.id);
    expect(await members()).toBe(2);
    await expect(invite(space, 'guest-one@example.org')).rejects.toMatchObject({ code: 'already_member' });
    const log = await bench.call(listAuditLog, { spaceId: space.spaceId }, space.principal);
    expect(log.data.map(({ action }) => action)).toEqual([
      'invitation.accepted',
      'invitation.created',
      'space.created',
    ]);
    // Who has left needs a new one.
    const inside = { ...guest, spaces: { [space.spaceId]: 'agent' as const } };
    await bench.call(leaveSpace, { spaceId: space.spaceId }, inside);
    await expect(accept(token, guest)).rejects.toMatchObject({ code: 'invitation_used' });
    expect(await members()).toBe(1);
  });

  it('ends when it is revoked, resent, or too old', async () => {
    const space = await bench.owner('two@example.org');
    const { principal, spaceId } = space;
    const guest = await account('guest-two@example.org');
    const { id: invitationId } = await invite(space, 'guest-two@example.org');
    const first = await bench.mailed('invitation', 'guest-two@example.org');
    await expect(invite(space, 'guest-two@example.org')).rejects.toMatchObject({ code: 'already_invited' });
    await bench.call(resendInvitation, { spaceId, invitationId }, principal);
    const second = await bench.mailed('invitation', 'guest-two@example.org');
    await expect(accept(first, guest)).rejects.toMatchObject({ status: 404 });
    await bench.call(revokeInvitation, { spaceId, invitationId }, principal);
    await expect(accept(second, guest)).rejects.toMatchObject({ status: 422, code: 'invitation_expired' });
    await invite(space, 'guest-two@example.org');
    const third = await bench.mailed('invitation', 'guest-two@example.org');
    await bench.database.withSpaces([spaceId], (trx) =>
      trx
        .updateTable('invitation')
        .set({ expires_at: new Date(Date.now() - 1) })
        .execute(),
    );
    await expect(accept(third, guest)).rejects.toMatchObject({ status: 422, code: 'invitation_expired' });
    expect(await statuses(space)).toEqual([
      ['guest-two@example.org', 'expired'],
      ['guest-two@example.org', 'revoked'],
    ]);
    // An expired one makes room for another.
    await invite(space, 'guest-two@example.org');
    await accept(await bench.mailed('invitation', 'guest-two@example.org'), guest);
  });

  it('gives nobody more than the one who invites has', async () => {
    const space = await bench.owner('three@example.org');
    const { spaceId } = space;
    const admin = await bench.member(space, 'admin-three@example.org', 'admin');
    const asAdmin = { principal: admin, spaceId };
    await expect(invite(asAdmin, 'boss@example.org', 'owner')).rejects.toMatchObject({ status: 403 });
    const { id: invitationId } = await invite(space, 'boss@example.org', 'owner');
    for (const operation of [resendInvitation, revokeInvitation])
      await expect(bench.call(operation, { spaceId, invitationId }, admin)).rejects.toMatchObject({
        status: 403,
      });
    const { key } = await bench.call(createApiKey, { spaceId, name: 'CI', role: 'admin' }, admin);
    const asKey = { principal: (await bench.known(key)) ?? admin, spaceId };
    await expect(invite(asKey, 'chief@example.org', 'owner')).rejects.toMatchObject({ status: 403 });
    expect(await invite(asKey, 'colleague@example.org')).toMatchObject({ invitedBy: admin.id });
  });

  it('ends with the member who sent it, or whose role no longer covers it', async () => {
    const space = await bench.owner('four@example.org');
    const { spaceId, principal } = space;
    const admin = await bench.member(space, 'admin-four@example.org', 'admin');
    const asAdmin = { principal: admin, spaceId };
    await invite(asAdmin, 'pending-admin@example.org', 'admin');
    await invite(asAdmin, 'pending-agent@example.org', 'agent');
    await bench.call(updateMember, { spaceId, accountId: admin.id, role: 'agent' }, principal);
    expect(await statuses(space)).toEqual([
      ['pending-agent@example.org', 'pending'],
      ['pending-admin@example.org', 'revoked'],
      ['admin-four@example.org', 'accepted'],
    ]);
    await bench.call(removeMember, { spaceId, accountId: admin.id }, principal);
    expect((await statuses(space))[0]).toEqual(['pending-agent@example.org', 'revoked']);
    // What the member's credentials still say counts no more.
    await expect(invite(asAdmin, 'late@example.org')).rejects.toMatchObject({ status: 403 });
  });

  it('goes to as many addresses as the space may mail in an hour, and ten times to one address', async () => {
    const space = await bench.owner('five@example.org');
    const { principal, spaceId } = space;
    const { id: invitationId } = await invite(space, 'busy@example.org');
    const resend = () => bench.call(resendInvitation, { spaceId, invitationId }, principal);
    for (let no = 2; no <= 10; no += 1) await resend();
    await expect(resend()).rejects.toMatchObject({ status: 429 });
    bench.config['INVITATIONS_PER_HOUR'] = 12;
    await invite(space, 'eleven@example.org');
    await invite(space, 'twelve@example.org');
    const refused = await invite(space, 'thirteen@example.org').catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 429, retryAfterSeconds: 600 });
    const elsewhere = await bench.owner('six@example.org');
    await invite(elsewhere, 'thirteen@example.org');
    bench.config['INVITATIONS_PER_HOUR'] = 50;
  });
});
