import {
  activateChannel,
  agentChanged,
  createChannel,
  deactivateChannel,
  flowChanged,
  getChannel,
  listTargetingChannels,
  newId,
} from '@parley/contracts';
import { sql } from 'kysely';
import { type GatewayBench, openBench } from '../../test/bench.ts';
import { ChannelsService } from './channels.service.ts';
import { TargetFinder } from './target-finder.service.ts';

let bench: GatewayBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(async () => {
  await bench.close();
});

describe('The owner of agents and flows', () => {
  const web = {
    ...{ deploymentType: 'WEB' as const, channelIdentifier: 'https://example.com' },
    configuration: { communicationType: 'UNIFIED' as const },
  };

  it('is told which channels use a target, and of no others', async () => {
    const target = { agentId: await bench.agent() };
    const ids: string[] = [];
    for (const name of ['Website', 'Resting']) {
      const { channel } = await bench.call(createChannel, { ...web, channelName: name, target });
      await bench.call(activateChannel, { channelId: channel.id });
      ids.push(channel.id);
    }
    const [active = '', inactive = ''] = ids;
    await bench.call(deactivateChannel, { channelId: inactive });
    expect(await bench.call(listTargetingChannels, { target })).toEqual({
      total: 2,
      channels: [
        { id: active, name: 'Website', status: 'active' },
        { id: inactive, name: 'Resting', status: 'inactive' },
      ],
    });
    const other = { target: { agentId: await bench.agent() } };
    expect(await bench.call(listTargetingChannels, other)).toEqual({ channels: [], total: 0 });
  });

  it('is waited for: a channel that takes a target while it is deleted is refused', async () => {
    const flowId = 'flow_race';
    const saved = { space_id: bench.spaceId, id: flowId, name: 'Race' };
    await bench.in((trx) =>
      trx
        .insertInto('target')
        .values({ ...saved, usable: true, deleted: false, default_flow_id: null })
        .execute(),
    );
    const { promise: written, resolve: write } = Promise.withResolvers<void>();
    const { promise: end, resolve: finish } = Promise.withResolvers<void>();
    const deletion = bench.in(async (trx) => {
      await trx.updateTable('target').set({ usable: false }).where('id', '=', flowId).execute();
      write();
      await end;
    });
    await written;
    const created = bench.call(createChannel, { ...web, target: { flowId } });
    const refused = expect(created).rejects.toMatchObject({ status: 422 });
    await bench.until(async () => {
      const { rows } = await bench.in((trx) =>
        sql`SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')`.execute(trx),
      );
      return rows.length > 0;
    }, 'A wait for the target');
    finish();
    await deletion;
    await refused;
  });

  it.each(['flow', 'agent'] as const)(
    'has deleted a %s after it was asked for it: a channel that takes it is refused',
    async (kind) => {
      const id = newId(kind);
      const target = kind === 'flow' ? { flowId: id } : { agentId: id };
      const shown = { name: 'Race', publishedVersion: 1, defaultFlowId: null };
      const deleted = { name: 'Race', deleted: true };
      if (kind === 'flow') bench.flows.set(id, shown);
      else bench.agents.set(id, shown);
      // Nothing is known of it here, so its owner is asked, whose answer shows it.
      const found = await bench.get(TargetFinder).find(bench.spaceId, target);
      expect(found).toMatchObject({ id, usable: true });
      if (kind === 'flow') await bench.feed(flowChanged, { flowId: id, publishedVersion: 1, ...deleted });
      else await bench.feed(agentChanged, { agentId: id, accountId: 'acc_agent', ...deleted });
      await bench.until(
        () =>
          bench.in((trx) => trx.selectFrom('target').select('id').where('id', '=', id).executeTakeFirst()),
        'The deletion',
      );
      const taken = bench.in((trx) =>
        bench.get(ChannelsService).requireTarget(trx, bench.spaceId, target, { found }),
      );
      await expect(taken).rejects.toMatchObject({ status: 422, code: 'unknown_target' });
    },
  );

  it('has published a flow that is known as a draft: a channel may take it', async () => {
    const flowId = newId('flow');
    const draft = { flowId, name: 'Draft', publishedVersion: null, deleted: false };
    await bench.feed(flowChanged, draft);
    await bench.until(
      () =>
        bench.in((trx) => trx.selectFrom('target').select('id').where('id', '=', flowId).executeTakeFirst()),
      'The draft',
    );
    bench.flows.set(flowId, { name: 'Draft', publishedVersion: 1 });
    const { channel } = await bench.call(createChannel, { ...web, target: { flowId } });
    expect(channel).toMatchObject({ target: { flowId } });
  });

  it('tells of the draft after it has shown the published flow: the channel stays active until the deletion', async () => {
    const flowId = newId('flow');
    bench.flows.set(flowId, { name: 'Late', publishedVersion: 1 });
    const { channel } = await bench.call(createChannel, { ...web, target: { flowId } });
    await bench.call(activateChannel, { channelId: channel.id });
    const nameOf = () =>
      bench.in((trx) => trx.selectFrom('target').select('name').where('id', '=', flowId).executeTakeFirst());
    const statusOf = async () => (await bench.call(getChannel, { channelId: channel.id })).status;
    const late = { flowId, publishedVersion: null, deleted: false };
    await bench.feed(flowChanged, { ...late, name: 'Draft' });
    await bench.until(async () => (await nameOf())?.name === 'Draft', 'The event of the draft');
    expect(await statusOf()).toBe('active');
    await bench.feed(flowChanged, { ...late, name: 'Draft', deleted: true });
    await bench.until(async () => (await statusOf()) === 'error', 'The loss of the target');
  });
});
