import {
  contactErased,
  conversationDeleted,
  conversationRead,
  createRule,
  deleteRule,
  type EventData,
  handoffRequested,
  listRules,
  type Message,
  messagePosted,
  newId,
  ownerChanged,
} from '@parley/contracts';
import { eventsOf } from '@parley/service/testing';
import { type CaughtMail, until } from '@parley/testing';
import { type NotificationsBench, openBench, stage } from '../../test/bench.ts';

const contact = { type: 'contact' as const, contactId: 'cont_1', name: 'Ann' };

describe('Notifications', () => {
  let bench: NotificationsBench;

  beforeAll(async () => {
    bench = await openBench({ LINK_BASE_URL: 'https://parley.example' });
  });
  afterAll(() => bench.close());

  const handOff = (spaceId: string, conversationId: string, reason: string | null = null): Promise<void> =>
    bench.publish(handoffRequested, spaceId, {
      ...{ runId: 'run_1', flowId: 'flow_1', agentId: null, conversationId, reason },
    });

  const post = (
    spaceId: string,
    conversationId: string,
    more: { sequence?: number; author?: Message['author']; owner?: 'human' | 'flow'; at?: string } = {},
  ): Promise<void> => {
    const { sequence = 1, author = contact, owner = 'human' } = more;
    const at = new Date().toISOString();
    const message: Message = {
      ...{ id: `msg_${sequence}`, conversationId, sequence, author, internal: false, status: 'accepted' },
      ...{ parts: [], citations: [], replyTo: null, statusReason: null, speech: null, reactions: [] },
      ...{ editedAt: null, createdAt: at, updatedAt: at, metadata: {} },
    };
    const data: EventData<typeof messagePosted> = {
      ...{ conversationId, sequence, message, owner, contactId: 'cont_1', agentIds: [], target: null },
      ...{ origin: { channelId: null, deploymentType: null, senderId: null } },
      ...{ inReplyTo: null, attempt: null, wakes: true },
    };
    return bench.publish(messagePosted, spaceId, data);
  };

  const mailsTo = (email: string): CaughtMail[] => bench.catcher.mails.filter(({ to }) => to.includes(email));
  const mailTo = (email: string): Promise<CaughtMail> => until('the mail', () => mailsTo(email)[0]);
  const inbox = (spaceId: string, accountId: string) => bench.inbox(spaceId, accountId);
  const untilTasksDone = (spaceId: string): Promise<true> =>
    until('all tasks are done', () =>
      bench.pod.database.withSpaces([spaceId], async (trx) => {
        const tasks = await trx
          .selectFrom('task' as never)
          .selectAll()
          .execute();
        return tasks.length === 0;
      }),
    );

  it('of a handoff name the contact, quote the message, and link to the conversation', async () => {
    const spaceId = await bench.createSpace([{ accountId: 'acc_a', email: 'a1@example.org' }]);
    const conversationId = newId('conv');
    stage(conversationId, { contactName: 'Ann <b>', messages: ['Hello', 'I want <my> "money" back\nnow'] });
    await handOff(spaceId, conversationId, 'The agent does not know.');
    const mail = await mailTo('a1@example.org');
    expect(mail.subject).toBe('Ann <b> needs a person');
    expect(mail.text).toContain('The agent does not know.');
    expect(mail.text).toContain('Ann <b> wrote:\n> I want <my> "money" back\n> now');
    const link = `https://parley.example/#/spaces/${spaceId}/conversations/${conversationId}`;
    expect(mail.text).toContain(link);
    expect(mail.html).toContain(`<a href="${link}">`);
    expect(mail.html).toContain('I want &lt;my&gt; &quot;money&quot; back<br>now');
    expect(mail.html).not.toContain('<b>');
  });

  it('reach a person once per event and medium, however many rules match', async () => {
    const spaceId = await bench.createSpace([
      { accountId: 'acc_a', email: 'a2@example.org' },
      { accountId: 'acc_b', email: 'b2@example.org' },
    ]);
    const rule = { spaceId, event: 'flow.handoff_requested' as const, roles: ['agent' as const] };
    for (const media of [['email'], ['inbox', 'email']] as ('inbox' | 'email')[][])
      await bench.request(createRule, { ...rule, name: media.join(), media }, { service: 'spec', spaceId });
    await handOff(spaceId, newId('conv'), 'Once');
    await Promise.all([mailTo('a2@example.org'), mailTo('b2@example.org')]);
    await untilTasksDone(spaceId);
    expect([mailsTo('a2@example.org').length, mailsTo('b2@example.org').length]).toEqual([1, 1]);
    expect(await inbox(spaceId, 'acc_a')).toEqual([
      expect.objectContaining({ body: 'Once', media: ['email', 'inbox'] }),
    ]);
    const names = (await eventsOf(bench.pod.database, spaceId, 'acc_a')).map(({ name }) => name);
    expect(names).toEqual(['notification.created', 'notification.delivered']);
  });

  it('through e-mail alone are in no inbox, and one that cannot be sent says so', async () => {
    const spaceId = await bench.createSpace([
      { accountId: 'acc_a', email: 'a3@example.org' },
      { accountId: 'acc_b', email: 'b3@example.org', emailVerified: false },
    ]);
    await replaceRules(spaceId, ['email']);
    await handOff(spaceId, newId('conv'));
    await mailTo('a3@example.org');
    expect(await inbox(spaceId, 'acc_a')).toEqual([]);
    const failed = await until('a failure', async () =>
      (await eventsOf(bench.pod.database, spaceId, 'acc_b')).find(
        ({ name }) => name === 'notification.failed',
      ),
    );
    expect(failed.data).toMatchObject({ accountId: 'acc_b', medium: 'email', reason: /not verified/ });
    expect(mailsTo('b3@example.org')).toEqual([]);
  });

  it('of a reply reach the assignee alone, with what was written', async () => {
    const spaceId = await bench.createSpace([
      { accountId: 'acc_a', email: 'a4@example.org' },
      { accountId: 'acc_b', email: 'b4@example.org' },
    ]);
    const conversationId = newId('conv');
    const assigned = { contactName: 'Ann', assignee: 'acc_a', accounts: ['acc_a', 'acc_b'] };
    stage(conversationId, { ...assigned, messages: ['Are you there?'] });
    await post(spaceId, conversationId);
    const mail = await mailTo('a4@example.org');
    expect(mail.subject).toBe('New message from Ann');
    expect(mail.text).toContain('> Are you there?');
    expect(await inbox(spaceId, 'acc_a')).toHaveLength(1);
    expect(mailsTo('b4@example.org')).toEqual([]);
    // The next one finds an unread notification, and adds none.
    stage(conversationId, { ...assigned, messages: ['Are you there?', 'Hello?'] });
    await post(spaceId, conversationId, { sequence: 2 });
    await untilTasksDone(spaceId);
    expect(await inbox(spaceId, 'acc_a')).toHaveLength(1);
    // Who answers has seen it; what comes afterwards is new.
    const author = { type: 'account' as const, accountId: 'acc_a', name: 'A' };
    await post(spaceId, conversationId, { sequence: 3, author });
    await until('it counts as read', async () => (await inbox(spaceId, 'acc_a'))[0]?.readAt);
    stage(conversationId, { ...assigned, messages: ['1', '2', '3', 'Thanks'] });
    await post(spaceId, conversationId, { sequence: 4 });
    await until('a second notification', async () => (await inbox(spaceId, 'acc_a')).length === 2);
  }, 60_000);

  it('of a reply do not reach who has read it, nor anybody while the flow answers', async () => {
    const spaceId = await bench.createSpace([
      { accountId: 'acc_a', email: 'a5@example.org' },
      { accountId: 'acc_b', email: 'b5@example.org' },
    ]);
    const [conversationId, other] = [newId('conv'), newId('conv')];
    const staged = { contactName: 'Ann', accounts: ['acc_a', 'acc_b'], messages: ['Hi'], readers: ['acc_a'] };
    stage(conversationId, staged);
    stage(other, staged);
    await post(spaceId, other, { owner: 'flow' });
    await post(spaceId, conversationId);
    await mailTo('b5@example.org');
    await untilTasksDone(spaceId);
    expect(mailsTo('a5@example.org')).toEqual([]);
    expect(await inbox(spaceId, 'acc_b')).toHaveLength(1);
    const read = { conversationId, sequence: 2, readSequence: 1, accountId: 'acc_b', contactId: null };
    await bench.publish(conversationRead, spaceId, read);
    await until('it counts as read', async () => (await inbox(spaceId, 'acc_b'))[0]?.readAt);
  });

  it('say nothing of a direct room, and forget what an erased contact wrote, and a deleted conversation', async () => {
    const spaceId = await bench.createSpace([{ accountId: 'acc_a', email: 'a6@example.org' }]);
    const [direct, conversationId] = [newId('conv'), newId('conv')];
    stage(direct, { direct: true, accounts: ['acc_a', 'acc_b'] });
    stage(conversationId, { contactName: 'Ann', messages: ['My secret'] });
    await bench.publish(ownerChanged, spaceId, {
      ...{ conversationId: direct, sequence: 1, owner: 'human', assignee: null, by: null },
      ...{ reason: 'Between us', handoff: true },
    });
    await handOff(spaceId, direct, 'Between an agent and me');
    await handOff(spaceId, conversationId);
    await mailTo('a6@example.org');
    await untilTasksDone(spaceId);
    expect(mailsTo('a6@example.org')).toHaveLength(1);
    expect(await inbox(spaceId, 'acc_a')).toEqual([
      expect.objectContaining({ conversationId, title: 'Ann needs a person', body: 'My secret' }),
    ]);
    await bench.publish(contactErased, spaceId, { conversationId, sequence: 9 });
    await until('it is forgotten', async () => (await inbox(spaceId, 'acc_a'))[0]?.body === '');
    expect(JSON.stringify(await inbox(spaceId, 'acc_a'))).not.toMatch(/Ann|secret/);
    await bench.publish(conversationDeleted, spaceId, { conversationId, sequence: 10 });
    await until('it is gone', async () => (await inbox(spaceId, 'acc_a')).length === 0);
  });

  it('stay away when their default rule was deleted', async () => {
    const spaceId = await bench.createSpace([{ accountId: 'acc_a', email: 'a7@example.org' }]);
    const conversationId = newId('conv');
    stage(conversationId, { contactName: 'Ann', assignee: 'acc_a', messages: ['Hi'] });
    await replaceRules(spaceId, []);
    await post(spaceId, conversationId);
    await handOff(spaceId, conversationId);
    await untilTasksDone(spaceId);
    expect(await inbox(spaceId, 'acc_a')).toEqual([]);
  });

  /** Deletes the rules that the space began with. */
  async function replaceRules(spaceId: string, media: ('inbox' | 'email')[]): Promise<void> {
    const as = { service: 'spec', spaceId };
    const { data } = await bench.request(listRules, { spaceId }, as);
    expect(data.map(({ event }) => event).sort()).toEqual([
      'conversation.message_posted',
      'flow.handoff_requested',
    ]);
    for (const { id } of data) await bench.request(deleteRule, { spaceId, ruleId: id }, as);
    if (media.length === 0) return;
    const rule = { spaceId, name: 'Own', event: 'flow.handoff_requested' as const, media };
    await bench.request(createRule, { ...rule, roles: ['agent'] }, as);
  }
});
