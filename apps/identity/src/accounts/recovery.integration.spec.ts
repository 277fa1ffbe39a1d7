import {
  changePassword,
  confirmPasswordReset,
  type Principal,
  requestPasswordReset,
  signIn,
  signUp,
} from '@parley/contracts';
import { eventsOf } from '@parley/service/testing';
import { callerFrom, type IdentityBench, openBench, password } from '../../test/bench.ts';

const next = 'violet kettle orbit';

describe('A new password', () => {
  let bench: IdentityBench;

  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  const known = async (accessToken: string): Promise<Principal> => {
    const principal = await bench.known(accessToken);
    if (!principal) throw new Error('The account is not known.');
    return principal;
  };
  const mailsTo = (email: string) => bench.mails.filter(({ to }) => to.email === email);

  it('does the same work for a reset whether the account exists or not', async () => {
    await bench.join('there@example.org');
    await bench.work();
    for (const email of ['there@example.org', 'nobody@example.org'])
      expect(await bench.call(requestPasswordReset, { email })).toEqual({});
    expect(bench.tasks).toHaveLength(2);
    expect(bench.tasks.map(({ queue }) => queue)).toEqual(['password_reset', 'password_reset']);
    await bench.work();
    expect(mailsTo('there@example.org').at(-1)?.kind).toBe('reset_password');
    expect(mailsTo('nobody@example.org')).toEqual([]);
  });

  it('is set once by the newest link that was mailed, and ends every session', async () => {
    const email = 'forgot@example.org';
    const session = await bench.join(email);
    const accountId = session.account.id;
    for (let no = 0; no < 11; no += 1)
      await bench.call(signIn, { email, password: 'wrong' }, callerFrom('203.0.113.1')).catch(() => null);
    await bench.call(requestPasswordReset, { email });
    const old = await bench.mailed('reset_password', email);
    await bench.call(requestPasswordReset, { email });
    const token = await bench.mailed('reset_password', email);
    const confirm = (given: string, wanted = next) =>
      bench.call(confirmPasswordReset, { token: given, password: wanted });
    await expect(confirm(old)).rejects.toMatchObject({ status: 422, code: 'token_invalid' });
    await expect(confirm(token, 'password123')).rejects.toMatchObject({ code: 'password_too_common' });
    await confirm(token);
    await expect(confirm(token)).rejects.toMatchObject({ code: 'token_invalid' });
    expect(await bench.known(session.accessToken)).toBeNull();
    await expect(bench.call(signIn, { email, password })).rejects.toMatchObject({ status: 401 });
    // Who forgot the password was locked out meanwhile; who has the mail is not.
    await bench.call(signIn, { email, password: next }, callerFrom('203.0.113.1'));
    await bench.work();
    expect(mailsTo(email).at(-1)).toMatchObject({ kind: 'password_changed', token: null });
    expect(await eventsOf(bench.database, '_', accountId)).toContainEqual({
      name: 'identity.session_ended',
      data: { accountId, sessionId: null },
    });
  });

  it('proves an address that was not verified', async () => {
    const email = 'unproved@example.org';
    await bench.call(signUp, { email, password, name: 'Ada' });
    await bench.call(requestPasswordReset, { email });
    const token = await bench.mailed('reset_password', email);
    await bench.call(confirmPasswordReset, { token, password: next });
    const { account } = await bench.call(signIn, { email, password: next });
    expect(account.emailVerified).toBe(true);
  });

  it('refuses a link whose time is over, or that verifies an address', async () => {
    const email = 'late@example.org';
    await bench.call(signUp, { email, password, name: 'Ada' });
    const verify = await bench.mailed('verify_email', email);
    const refused = bench.call(confirmPasswordReset, { token: verify, password: next });
    await expect(refused).rejects.toMatchObject({ code: 'token_invalid' });
    await bench.call(requestPasswordReset, { email });
    const token = await bench.mailed('reset_password', email);
    await bench.database.withSpaces([], (trx) =>
      trx
        .updateTable('account_token')
        .set({ expires_at: new Date(Date.now() - 1) })
        .execute(),
    );
    const late = bench.call(confirmPasswordReset, { token, password: next });
    await expect(late).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('changes with the current one alone, and ends the other sessions', async () => {
    const email = 'change@example.org';
    const first = await bench.join(email);
    const second = await bench.call(signIn, { email, password });
    const me = await known(first.accessToken);
    const change = (currentPassword: string) =>
      bench.call(changePassword, { currentPassword, newPassword: next }, me);
    await expect(change('wrong')).rejects.toMatchObject({ status: 422, code: 'wrong_password' });
    await change(password);
    expect(await bench.known(first.accessToken)).not.toBeNull();
    expect(await bench.known(second.accessToken)).toBeNull();
    await bench.call(signIn, { email, password: next });
  });

  it('lets a stolen access token try ten passwords, and nobody without one use these attempts up', async () => {
    const email = 'stolen@example.org';
    const me = await known((await bench.join(email)).accessToken);
    const change = (currentPassword: string) =>
      bench.call(changePassword, { currentPassword, newPassword: next }, me).catch((error: unknown) => error);
    for (let no = 0; no < 12; no += 1)
      await bench.call(signIn, { email, password: 'wrong' }, callerFrom('203.0.113.2')).catch(() => null);
    for (let no = 0; no < 10; no += 1)
      expect(await change('wrong')).toMatchObject({ code: 'wrong_password' });
    expect(await change(password)).toMatchObject({ status: 429 });
  });
});
