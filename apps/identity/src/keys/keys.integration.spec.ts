import {
  createApiKey,
  createServiceAccount,
  leaveSpace,
  listApiKeys,
  type Principal,
  removeMember,
  revokeApiKey,
  updateMember,
} from '@parley/contracts';
import { eventsOf } from '@parley/service/testing';
import { type IdentityBench, openBench } from '../../test/bench.ts';

describe('API keys', () => {
  let bench: IdentityBench;

  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  const make = (spaceId: string, role: 'owner' | 'admin' | 'agent', principal: Principal) =>
    bench.call(createApiKey, { spaceId, name: role, role }, principal);
  const knows = async (key: string): Promise<Principal> => {
    const principal = await bench.known(key);
    if (!principal) throw new Error('The key is not known.');
    return principal;
  };

  it('of a role above one’s own are neither made nor revoked, by members or by keys', async () => {
    const { principal: owner, spaceId, ...rest } = await bench.owner('rank@example.org');
    const admin = await bench.member(
      { principal: owner, spaceId, ...rest },
      'rank-admin@example.org',
      'admin',
    );
    const top = await make(spaceId, 'owner', owner);
    const adminKey = await make(spaceId, 'admin', admin);
    for (const principal of [admin, await knows(adminKey.key)]) {
      await expect(make(spaceId, 'owner', principal)).rejects.toMatchObject({ status: 403 });
      const revoke = bench.call(revokeApiKey, { spaceId, keyId: top.id }, principal);
      await expect(revoke).rejects.toMatchObject({ status: 403 });
    }
    expect(await bench.known(top.key)).not.toBeNull();
    await bench.call(revokeApiKey, { spaceId, keyId: adminKey.id }, await knows(top.key));
    await bench.call(revokeApiKey, { spaceId, keyId: top.id }, owner);
    expect(await bench.known(top.key)).toBeNull();
  });

  it('end with the member who made them, those made by these keys and of service accounts, too', async () => {
    const space = await bench.owner('maker@example.org');
    const { principal: owner, spaceId } = space;
    const admin = await bench.member(space, 'maker-admin@example.org', 'admin');
    const own = await make(spaceId, 'agent', admin);
    const first = await make(spaceId, 'admin', admin);
    const second = await make(spaceId, 'admin', await knows(first.key));
    const robot = await bench.call(createServiceAccount, { spaceId, name: 'Robot' }, admin);
    const wanted = { spaceId, name: 'Robot', role: 'agent' as const, serviceAccountId: robot.id };
    const robots = await bench.call(createApiKey, wanted, await knows(second.key));
    const kept = await make(spaceId, 'admin', owner);
    const { data } = await bench.call(listApiKeys, { spaceId }, owner);
    expect(data.filter(({ createdBy }) => createdBy === admin.id)).toHaveLength(4);
    const granting = await knows(second.key);
    await bench.call(removeMember, { spaceId, accountId: admin.id }, owner);
    for (const { key, id } of [own, first, second, robots]) {
      expect(await bench.known(key)).toBeNull();
      const told = await eventsOf(bench.database, spaceId, id);
      expect(told.map(({ name }) => name)).toEqual(['identity.key_revoked']);
    }
    expect(await bench.known(kept.key)).not.toBeNull();
    await expect(make(spaceId, 'agent', granting)).rejects.toMatchObject({ status: 403 });
    await expect(make(spaceId, 'agent', admin)).rejects.toMatchObject({ status: 403 });
  });

  it('end where they reach beyond the new role of their maker, and when the maker leaves', async () => {
    const space = await bench.owner('step@example.org');
    const { principal: owner, spaceId } = space;
    const admin = await bench.member(space, 'step-admin@example.org', 'admin');
    const high = await make(spaceId, 'admin', admin);
    const low = await make(spaceId, 'agent', admin);
    await bench.call(updateMember, { spaceId, accountId: admin.id, role: 'agent' }, owner);
    expect(await bench.known(high.key)).toBeNull();
    expect(await bench.known(low.key)).not.toBeNull();
    await bench.call(leaveSpace, { spaceId }, admin);
    expect(await bench.known(low.key)).toBeNull();
  });

  it('do not expire before they are made', async () => {
    const { principal, spaceId } = await bench.owner('past@example.org');
    const expiresAt = new Date(Date.now() - 1000).toISOString();
    const made = bench.call(createApiKey, { spaceId, name: 'Past', expiresAt }, principal);
    await expect(made).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/expiresAt' }] });
  });
});
