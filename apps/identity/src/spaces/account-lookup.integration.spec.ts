import { createServiceAccount, findAccount, type Principal, servicePrincipal } from '@parley/contracts';
import { type IdentityBench, openBench } from '../../test/bench.ts';

let bench: IdentityBench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

test('a service account that was just made is found in its space alone', async () => {
  const spaceId = 'space_one';
  const owner: Principal = {
    type: 'account',
    id: 'acc_ada',
    accountId: 'acc_ada',
    spaces: { [spaceId]: 'owner' },
  };
  const robot = await bench.call(createServiceAccount, { spaceId, name: 'Robot' }, owner);
  const find = (space: string, accountId: string) =>
    bench.call(findAccount, { spaceId: space, accountId }, servicePrincipal('conversation', space));
  expect(await find(spaceId, robot.id)).toEqual({ accountId: robot.id, name: 'Robot', type: 'service' });
  await expect(find('space_two', robot.id)).rejects.toMatchObject({ status: 404 });
  await expect(find(spaceId, 'acc_nobody')).rejects.toMatchObject({ status: 404 });
});
