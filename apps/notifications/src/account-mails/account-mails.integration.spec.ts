import { newId, sendAccountMail } from '@parley/contracts';
import { until } from '@parley/testing';
import { type NotificationsBench, openBench } from '../../test/bench.ts';

const token = `inv_01.${'s'.repeat(43)}`;

describe('Account mails', () => {
  let bench: NotificationsBench;

  beforeAll(async () => {
    bench = await openBench({ LINK_BASE_URL: 'https://parley.test' });
  });
  afterAll(() => bench.close());

  const mail = (change: object = {}) => ({
    mailId: newId('mail'),
    kind: 'invitation' as const,
    to: { email: 'guest@example.org', name: '' },
    token,
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
    values: { spaceName: 'Home', inviterName: 'Ada', role: 'agent' },
    ...change,
  });
  const send = (input: ReturnType<typeof mail>, service = 'identity') =>
    bench.request(sendAccountMail, input, { service, idempotencyKey: input.mailId });
  const caught = (mailId: string) =>
    bench.catcher.mails.filter((one) => one.messageId === `<${mailId}@parley>`);
  const arrived = (mailId: string) => until('the mail arrives', () => caught(mailId)[0]);

  it('go out once, plain and as HTML, with a link whose token no server sees', async () => {
    const wanted = mail();
    await send(wanted);
    await send(wanted);
    const { to, subject, text, html } = await arrived(wanted.mailId);
    expect(to).toEqual(['guest@example.org']);
    expect(subject).toBe('Invitation to Home');
    expect(text).toContain('Ada invites you to the space "Home" as an agent.');
    const link = `https://parley.test/account#invitation=${token}`;
    expect(text).toContain(link);
    expect(html).toContain(`<a href="${link}"`);
    expect(caught(wanted.mailId)).toHaveLength(1);
  });

  it('show no markup, line or address that somebody gave as a name', async () => {
    const spaceName = '<b>Win</b>\r\nBcc: x@example.org https://evil.example/prize';
    const wanted = mail({ values: { spaceName, inviterName: 'www.evil.example', role: 'agent' } });
    await send(wanted);
    const { subject, text, html } = await arrived(wanted.mailId);
    expect(subject).toBe('Invitation to <b>Win</b> Bcc: x@example org https evil example/prize');
    expect(`${text}${html}`).not.toMatch(/evil\.example/);
    expect(html).toContain('&lt;b&gt;Win&lt;/b&gt;');
  });

  it('keep their token sealed until they are sent, through a server that is away', async () => {
    const wanted = mail({ kind: 'reset_password' });
    bench.catcher.rejectNext(1);
    await send(wanted);
    const stored = await until('the mail waits', () =>
      bench.pod.runner.withSpaces(['_'], async (trx) => {
        const tasks = trx as unknown as Parameters<Parameters<typeof bench.pod.database.withSpaces>[1]>[0];
        const rows = await tasks
          .selectFrom('task' as never)
          .selectAll()
          .where('id' as never, '=', wanted.mailId as never)
          .execute();
        return rows[0] && JSON.stringify(rows);
      }),
    );
    expect(stored).toContain('sealedToken');
    expect(stored).not.toContain('s'.repeat(43));
    expect((await arrived(wanted.mailId)).text).toContain(token);
  });

  it('are not sent for anybody but identity, nor after their time', async () => {
    await expect(send(mail(), 'conversation')).rejects.toMatchObject({ status: 403 });
    const late = mail({ expiresAt: new Date(Date.now() - 1).toISOString() });
    await send(late);
    const next = mail();
    await send(next);
    await arrived(next.mailId);
    expect(caught(late.mailId)).toEqual([]);
  });
});
