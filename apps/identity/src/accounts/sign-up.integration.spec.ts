import {
  createInvitation,
  createSpace,
  getMe,
  listAuditLog,
  resendVerification,
  signUp,
  verifyEmail,
} from '@parley/contracts';
import { eventsOf } from '@parley/service/testing';
import { type IdentityBench, openBench, password } from '../../test/bench.ts';

describe('Sign-up', () => {
  let bench: IdentityBench;

  beforeAll(async () => {
    bench = await openBench();
  });
  afterEach(() => {
    bench.config['SIGN_UP'] = 'open';
  });
  afterAll(() => bench.close());

  const signUpAs = (email: string, invitationToken?: string) =>
    bench.call(signUp, {
      email,
      password,
      name: 'Ada',
      ...(invitationToken ? { invitationToken } : {}),
    });

  it('is refused to everybody where it is closed, and says whom to ask', async () => {
    bench.config['SIGN_UP'] = 'closed';
    await expect(signUpAs('closed@example.org')).rejects.toMatchObject({
      status: 403,
      code: 'sign_up_closed',
      message: expect.stringContaining('operator'),
    });
    await expect(signUpAs('closed@example.org', 'inv_x.y')).rejects.toMatchObject({ code: 'sign_up_closed' });
  });

  it('needs an invitation to this very address in mode invite, once', async () => {
    const space = await bench.owner('host@example.org');
    bench.config['SIGN_UP'] = 'invite';
    await expect(signUpAs('guest@example.org')).rejects.toMatchObject({
      status: 403,
      code: 'sign_up_closed',
      message: expect.stringContaining('invitation'),
    });
    const { spaceId, principal } = space;
    await bench.call(createInvitation, { spaceId, email: 'Guest@Example.org', role: 'agent' }, principal);
    const token = await bench.mailed('invitation', 'guest@example.org');
    await expect(signUpAs('other@example.org', token)).rejects.toMatchObject({
      code: 'invitation_not_yours',
    });
    await expect(signUpAs('guest@example.org', `${token}x`)).rejects.toMatchObject({ status: 404 });
    const { account } = await signUpAs('guest@example.org', token);
    expect(account).toMatchObject({ emailVerified: true, spaces: [{ id: spaceId, role: 'agent' }] });
    await expect(signUpAs('guest@example.org', token)).rejects.toMatchObject({ code: 'invitation_used' });
  });

  it('verifies the address by a link that works once, and tells every space', async () => {
    const email = 'fresh@example.org';
    const { accessToken } = await signUpAs(email);
    const ada = await bench.known(accessToken);
    if (!ada) throw new Error('Ada is not known.');
    const { id: spaceId } = await bench.call(createSpace, { name: 'Early' }, ada);
    const member = { ...ada, spaces: { [spaceId]: 'owner' as const } };
    const told = async () =>
      (await eventsOf(bench.database, spaceId, ada.id)).flatMap(({ name, data }) =>
        name === 'identity.member_changed' ? [data['emailVerified']] : [],
      );
    expect(await told()).toEqual([false]);
    await expect(
      bench.call(createInvitation, { spaceId, email: 'b@example.org', role: 'agent' }, member),
    ).rejects.toMatchObject({ status: 403, code: 'email_unverified' });
    const first = await bench.mailed('verify_email', email);
    await bench.call(resendVerification, {}, ada);
    const token = await bench.mailed('verify_email', email);
    await expect(bench.call(verifyEmail, { token: first })).rejects.toMatchObject({ code: 'token_invalid' });
    await bench.call(verifyEmail, { token });
    await expect(bench.call(verifyEmail, { token })).rejects.toMatchObject({ status: 422 });
    expect((await bench.call(getMe, {}, ada)).account?.emailVerified).toBe(true);
    expect(await told()).toEqual([false, true]);
    const { data } = await bench.call(listAuditLog, { spaceId }, member);
    expect(data.map(({ action }) => action)).toContain('account.email_verified');
    await expect(bench.call(resendVerification, {}, ada)).rejects.toMatchObject({ code: 'already_verified' });
  });

  it('sends one address a few verification mails an hour, and no more', async () => {
    const { accessToken } = await signUpAs('many@example.org');
    const ada = (await bench.known(accessToken)) ?? undefined;
    for (let no = 2; no <= 5; no += 1) await bench.call(resendVerification, {}, ada);
    await expect(bench.call(resendVerification, {}, ada)).rejects.toMatchObject({
      status: 429,
      retryAfterSeconds: 3600,
    });
  });

  it('keeps tokens out of tasks and tables, and addresses out of the mail log', async () => {
    const email = 'sealed@example.org';
    await signUpAs(email);
    const written = JSON.stringify(bench.tasks);
    const token = await bench.mailed('verify_email', email);
    const [, secret = '-'] = token.split('.');
    const rows = await bench.database.withSpaces(['_'], async (trx) =>
      JSON.stringify([
        await trx.selectFrom('account_token').selectAll().execute(),
        await trx.selectFrom('mail_log').selectAll().execute(),
      ]),
    );
    expect(secret.length).toBeGreaterThan(40);
    expect(written).toContain(email);
    expect(written).not.toContain(secret);
    expect(rows).not.toContain(secret);
    expect(rows).not.toContain(email);
  });

  it.each([
    ['password123', 'one of the most used'],
    ['Password2024!', 'one of the most used'],
    ['1234567890', 'one of the most used'],
    ['9876543210', 'row'],
    ['aaaaaaaaaaaa', 'repeats'],
    ['abcdefghijkl', 'row'],
    ['lovelace@example.org', 'your name or e-mail'],
    ['augustaking1815', 'your name or e-mail'],
  ])('refuses the password %s, which %s', async (common, reason) => {
    const asked = bench.call(signUp, {
      email: 'lovelace@example.org',
      password: common,
      name: 'Augusta King',
    });
    await expect(asked).rejects.toMatchObject({
      status: 422,
      code: 'password_too_common',
      message: expect.stringContaining(reason),
      errors: [{ pointer: '/password' }],
    });
  });
});
