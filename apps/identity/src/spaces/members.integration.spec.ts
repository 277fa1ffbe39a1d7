import { leaveSpace, listAuditLog, removeMember, updateMember } from '@parley/contracts';
import { eventsOf } from '@parley/service/testing';
import { type IdentityBench, openBench } from '../../test/bench.ts';

describe('Members', () => {
  let bench: IdentityBench;

  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  it('leave by themselves, save the last owner', async () => {
    const space = await bench.owner('stay@example.org');
    const { principal: owner, spaceId } = space;
    const viewer = await bench.member(space, 'go@example.org', 'viewer');
    await bench.call(leaveSpace, { spaceId }, viewer);
    const told = await eventsOf(bench.database, spaceId, viewer.id);
    expect(told.at(-1)).toMatchObject({ name: 'identity.member_changed', data: { role: null } });
    await expect(bench.call(leaveSpace, { spaceId }, viewer)).rejects.toMatchObject({ status: 404 });
    await expect(bench.call(leaveSpace, { spaceId }, owner)).rejects.toMatchObject({ code: 'last_owner' });
    const second = await bench.member(space, 'second@example.org', 'owner');
    await bench.call(leaveSpace, { spaceId }, owner);
    const { data } = await bench.call(listAuditLog, { spaceId }, second);
    expect(data.map(({ action }) => action)).toEqual([
      ...['member.left', 'invitation.accepted', 'invitation.created'],
      ...['member.left', 'invitation.accepted', 'invitation.created', 'space.created'],
    ]);
  });

  it('of a role above one’s own are neither changed nor removed', async () => {
    const space = await bench.owner('above@example.org');
    const { principal: owner, spaceId } = space;
    const admin = await bench.member(space, 'above-admin@example.org', 'admin');
    await bench.member(space, 'above-owner@example.org', 'owner');
    const change = (accountId: string, role: 'owner' | 'agent') =>
      bench.call(updateMember, { spaceId, accountId, role }, admin);
    await expect(change(owner.id, 'agent')).rejects.toMatchObject({ status: 403 });
    await expect(change(admin.id, 'owner')).rejects.toMatchObject({ status: 403 });
    const removal = bench.call(removeMember, { spaceId, accountId: owner.id }, admin);
    await expect(removal).rejects.toMatchObject({ status: 403 });
  });
});
