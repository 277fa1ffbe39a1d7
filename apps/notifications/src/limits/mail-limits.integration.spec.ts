import { handoffRequested, listNotificationDeliveries, memberChanged } from '@parley/contracts';
import { until } from '@parley/testing';
import { type NotificationsBench, openBench } from '../../test/bench.ts';

describe('Mails of notifications', () => {
  let bench: NotificationsBench;

  beforeAll(async () => {
    bench = await openBench({ MAILS_PER_HOUR: '3' });
  });
  afterAll(() => bench.close());

  const handOff = (spaceId: string, conversationId: string) =>
    bench.publish(handoffRequested, spaceId, {
      runId: 'run_1',
      flowId: 'flow_1',
      agentId: null,
      conversationId,
      reason: `Asked in ${conversationId}`,
    });
  const mailsTo = (email: string) => bench.catcher.mails.filter(({ to }) => to.includes(email));
  const deliveries = async (spaceId: string) =>
    (await bench.request(listNotificationDeliveries, { spaceId }, { service: 'spec', spaceId })).data;

  it('go to verified addresses alone, and to one that is verified from then on', async () => {
    const spaceId = await bench.createSpace([
      { accountId: 'acc_known', email: 'known@example.org' },
      { accountId: 'acc_fresh', email: 'fresh@example.org', emailVerified: false },
    ]);
    await handOff(spaceId, 'conv_1');
    await until('the mail', () => mailsTo('known@example.org')[0]);
    expect(mailsTo('fresh@example.org')).toEqual([]);
    await bench.publish(memberChanged, spaceId, {
      accountId: 'acc_fresh',
      name: 'Fresh',
      email: 'fresh@example.org',
      role: 'agent',
      emailVerified: true,
    });
    await until('the address is verified', () =>
      bench.pod.database.withSpaces([spaceId], async (trx) => {
        const rows = await trx.selectFrom('member').select('email_verified').execute();
        return rows.every((row) => row.email_verified);
      }),
    );
    await handOff(spaceId, 'conv_2');
    await until('the mail', () => mailsTo('fresh@example.org')[0]);
    await until('the other mail', () => mailsTo('known@example.org').length === 2);
  });

  it('of one space stop at its limit, which says why; another space’s go on', async () => {
    const spaceId = await bench.createSpace([
      { accountId: 'acc_a', email: 'a@example.org' },
      { accountId: 'acc_b', email: 'b@example.org' },
    ]);
    for (const id of ['conv_1', 'conv_2', 'conv_3']) await handOff(spaceId, id);
    const found = await until('all are written down', async () => {
      const all = await deliveries(spaceId);
      return all.length === 6 && all.every(({ status }) => status !== 'pending') && all;
    });
    expect(found.filter(({ status }) => status === 'delivered')).toHaveLength(3);
    const [refused] = found.filter(({ status }) => status === 'failed');
    expect(refused?.reason).toBe(
      'The space has sent as many e-mails as it may: 3 in an hour, 2000 in a day.',
    );
    const other = await bench.createSpace([{ accountId: 'acc_c', email: 'c@example.org' }]);
    await handOff(other, 'conv_9');
    await until('the mail', () => mailsTo('c@example.org')[0]);
  });
});
