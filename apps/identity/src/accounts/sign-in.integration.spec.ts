import { listSessions, refreshSession, revokeSession, signIn } from '@parley/contracts';
import { SignInFailuresRepository } from './sign-in-failures.repository.ts';
import { callerFrom, type IdentityBench, openBench, password } from '../../test/bench.ts';

describe('Sign-in', () => {
  let bench: IdentityBench;

  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  const tryOf = (email: string, address: string, given: string = password) =>
    bench.call(signIn, { email, password: given }, callerFrom(address));
  const statusOf = async (attempt: Promise<unknown>): Promise<number> =>
    attempt.then(
      () => 200,
      (error: { status: number }) => error.status,
    );

  it('locks a network out of an account after ten wrong passwords, and nobody else', async () => {
    const email = 'owner@example.org';
    await bench.join(email);
    const wrong = Array.from({ length: 12 }, () => statusOf(tryOf(email, '203.0.113.9', 'wrong')));
    expect((await Promise.all(wrong)).filter((status) => status === 429)).toHaveLength(2);
    // The right password does not help from there, and tells nothing.
    expect(await statusOf(tryOf(email, '203.0.113.9'))).toBe(429);
    expect(await statusOf(tryOf(email, '198.51.100.4'))).toBe(200);
    await bench.join('neighbour@example.org');
    expect(await statusOf(tryOf('neighbour@example.org', '203.0.113.9'))).toBe(200);
  });

  it('locks for a window that further attempts do not make longer', async () => {
    const email = 'window@example.org';
    await bench.join(email);
    for (let no = 0; no < 11; no += 1) await statusOf(tryOf(email, '203.0.113.10', 'wrong'));
    const age = (minutes: number) =>
      bench.database.withSpaces([], (trx) =>
        trx
          .updateTable('sign_in_failure')
          .set({ since: new Date(Date.now() - minutes * 60_000) })
          .where('email', '=', email)
          .execute(),
      );
    await age(14);
    const refused = await tryOf(email, '203.0.113.10', 'wrong').catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 429 });
    expect((refused as { retryAfterSeconds: number }).retryAfterSeconds).toBeLessThanOrEqual(60);
    await age(16);
    expect(await statusOf(tryOf(email, '203.0.113.10'))).toBe(200);
  });

  it('counts the addresses of one IPv6 network together', async () => {
    const email = 'six@example.org';
    await bench.join(email);
    for (let no = 0; no < 10; no += 1)
      await statusOf(tryOf(email, `2001:db8:1:2:${no.toString(16)}::1`, 'wrong'));
    expect(await statusOf(tryOf(email, '2001:db8:1:2:ffff::9'))).toBe(429);
    expect(await statusOf(tryOf(email, '2001:db8:1:3::9'))).toBe(200);
  });

  it('slows guesses from many networks down, and not a network in which the account is signed in', async () => {
    const email = 'target@example.org';
    await bench.join(email);
    await tryOf(email, '198.51.100.20');
    const failures = bench.get(SignInFailuresRepository);
    for (let no = 1; no <= 31; no += 1)
      await bench.database.withSpaces([], (trx) =>
        failures.count(trx, { email, network: `203.0.113.${100 + no}`, windowSeconds: 900, limit: 10 }),
      );
    const timed = async (address: string, given: string) => {
      const began = performance.now();
      return { status: await statusOf(tryOf(email, address, given)), ms: performance.now() - began };
    };
    const stranger = await timed('203.0.113.200', password);
    expect(stranger.status).toBe(200);
    expect(stranger.ms).toBeGreaterThan(950);
    const home = await timed('198.51.100.20', password);
    expect(home.status).toBe(200);
    expect(home.ms).toBeLessThan(900);
    const flood = await Promise.all(
      Array.from({ length: 8 }, (_, no) => statusOf(tryOf(email, `203.0.114.${no}`, 'wrong'))),
    );
    expect(flood.filter((status) => status === 429)).toHaveLength(4);
  });

  it('lists sessions with address, user agent and last use, and ends one of them alone', async () => {
    const email = 'sessions@example.org';
    const first = await bench.join(email);
    const second = await bench.call(signIn, { email, password }, callerFrom('198.51.100.30', 'Browser/1'));
    const me = await bench.known(first.accessToken);
    if (!me) throw new Error('The account is not known.');
    await bench.call(
      refreshSession,
      { refreshToken: second.refreshToken },
      callerFrom('198.51.100.31', 'Browser/2'),
    );
    const { data } = await bench.call(listSessions, {}, me);
    expect(data).toMatchObject([
      { address: '198.51.100.31', userAgent: 'Browser/2', current: false },
      { address: null, current: true },
    ]);
    const [other] = data;
    expect(Date.parse(other?.lastUsedAt ?? '')).toBeGreaterThan(Date.parse(other?.createdAt ?? ''));
    const stranger = await bench.known((await bench.join('stranger@example.org')).accessToken);
    const sessionId = other?.id ?? '';
    const foreign = bench.call(revokeSession, { sessionId }, stranger ?? undefined);
    await expect(foreign).rejects.toMatchObject({ status: 404 });
    await bench.call(revokeSession, { sessionId }, me);
    expect(await bench.known(second.accessToken)).toBeNull();
    expect(await bench.known(first.accessToken)).not.toBeNull();
  });
});
