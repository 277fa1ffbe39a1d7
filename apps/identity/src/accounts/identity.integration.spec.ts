import {
  authenticate,
  createApiKey,
  createServiceAccount,
  type Principal,
  refreshSession,
  removeMember,
  revokeApiKey,
  signIn,
  signOut,
  signUp,
  updateSpace,
} from '@parley/contracts';
import { decodeProtectedHeader } from 'jose';
import { type IdentityBench, openBench, password } from '../../test/bench.ts';
import { SigningKeysRepository } from '../tokens/signing-keys.repository.ts';
import { SigningKeysService } from '../tokens/signing-keys.service.ts';

describe('Identity', () => {
  let bench: IdentityBench;

  beforeAll(async () => {
    bench = await openBench();
  });

  afterAll(() => bench.close());

  const join = (email: string) => bench.call(signUp, { email, password, name: 'Ada' });
  const known = async (credential: string): Promise<Principal | null> =>
    (await bench.call(authenticate, { credential })).principal;

  const owner = (email: string) => bench.owner(email);

  it('signs thirty people in at once over ten connections, and holds none while it hashes', async () => {
    const emails = Array.from({ length: 30 }, (_, no) => `many-${no}@example.org`);
    await Promise.all(emails.map(join));
    const sessions = await Promise.all(emails.map((email) => bench.call(signIn, { email, password })));
    expect(new Set(sessions.map((session) => session.accessToken)).size).toBe(30);
    expect(bench.database.stats().waiting).toBe(0);
  });

  it('says the same of an unknown e-mail and of a wrong password', async () => {
    await join('same@example.org');
    const wrong = bench.call(signIn, { email: 'same@example.org', password: 'wrong' });
    await expect(wrong).rejects.toMatchObject({
      status: 401,
      message: 'The e-mail or the password is wrong.',
    });
    const unknown = bench.call(signIn, { email: 'nobody@example.org', password: 'wrong' });
    await expect(unknown).rejects.toMatchObject({
      status: 401,
      message: 'The e-mail or the password is wrong.',
    });
  });

  it('takes a refresh token once, and ends the session when any old one comes again', async () => {
    const first = await join('refresh@example.org');
    const second = await bench.call(refreshSession, { refreshToken: first.refreshToken });
    const third = await bench.call(refreshSession, { refreshToken: second.refreshToken });
    expect(await known(third.accessToken)).not.toBeNull();
    const copy = bench.call(refreshSession, { refreshToken: first.refreshToken });
    await expect(copy).rejects.toMatchObject({ status: 401 });
    expect(await known(third.accessToken)).toBeNull();
    const newest = bench.call(refreshSession, { refreshToken: third.refreshToken });
    await expect(newest).rejects.toMatchObject({ status: 401 });
  });

  it('ends a session by signing out', async () => {
    const { accessToken, refreshToken } = await join('out@example.org');
    await bench.call(signOut, { refreshToken });
    expect(await known(accessToken)).toBeNull();
  });

  it('believes a retired signing key, and none that was withdrawn', async () => {
    const keys = new SigningKeysRepository();
    const kid = (token: string): string | undefined => decodeProtectedHeader(token).kid;
    const readAnew = async (): Promise<void> => {
      Reflect.set(bench.get(SigningKeysService), 'known', null);
    };
    const old = await join('old-key@example.org');
    await bench.database.withSpaces([], (trx) => keys.retire(trx));
    await readAnew();
    const young = await join('new-key@example.org');
    expect(kid(young.accessToken)).not.toBe(kid(old.accessToken));
    expect(await known(old.accessToken)).not.toBeNull();
    await bench.database.withSpaces([], (trx) => keys.withdraw(trx));
    await readAnew();
    expect(await known(old.accessToken)).toBeNull();
    expect(await known(young.accessToken)).toBeNull();
  });

  it('shows an API key once, stores only its hash, and knows it no more once revoked', async () => {
    const { principal, spaceId } = await owner('keys@example.org');
    const { id, key } = await bench.call(createApiKey, { spaceId, name: 'CI' }, principal);
    expect(await known(key)).toMatchObject({ keyId: id, spaces: { [spaceId]: 'admin' } });
    expect(await known(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)).toBeNull();
    const secret = key.slice(-51, -8);
    const rows = await bench.database.withSpaces([spaceId], async (trx) => [
      ...(await trx.selectFrom('api_key').selectAll().execute()),
      ...(await trx.selectFrom('audit_entry').selectAll().execute()),
    ]);
    expect(JSON.stringify(rows)).toContain(id);
    expect(JSON.stringify(rows)).not.toContain(secret);
    await bench.call(revokeApiKey, { spaceId, keyId: id }, principal);
    expect(await known(key)).toBeNull();
  });

  it('makes a key for a service account, which acts as that account; not for another space’s', async () => {
    const { principal, spaceId } = await owner('robots@example.org');
    const robot = await bench.call(createServiceAccount, { spaceId, name: 'Robot' }, principal);
    const wanted = { spaceId, name: 'CI', role: 'agent' as const, serviceAccountId: robot.id };
    const { id, key, serviceAccountId } = await bench.call(createApiKey, wanted, principal);
    expect(serviceAccountId).toBe(robot.id);
    expect(await known(key)).toMatchObject({
      keyId: id,
      accountId: robot.id,
      name: 'Robot',
      spaces: { [spaceId]: 'agent' },
    });
    const other = await owner('others@example.org');
    const foreign = bench.call(createApiKey, { ...wanted, spaceId: other.spaceId }, other.principal);
    await expect(foreign).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/serviceAccountId' }] });
  });

  it('keeps the rows of another space from sight without any filter', async () => {
    const one = await owner('one@example.org');
    const two = await owner('two@example.org');
    await bench.call(createApiKey, { spaceId: one.spaceId, name: 'CI' }, one.principal);
    const seen = await bench.database.withSpaces([two.spaceId], async (trx) => ({
      keys: await trx.selectFrom('api_key').select('space_id').execute(),
      spaces: await trx.selectFrom('space').select('space_id').execute(),
    }));
    expect(seen).toEqual({ keys: [], spaces: [{ space_id: two.spaceId }] });
  });

  it('keeps the last owner', async () => {
    const { principal, spaceId } = await owner('last@example.org');
    const leaving = bench.call(removeMember, { spaceId, accountId: principal.id }, principal);
    await expect(leaving).rejects.toMatchObject({ status: 422, code: 'last_owner' });
  });

  it('changes of settings only what is given, and tells the others of voice and retention', async () => {
    const { principal, spaceId } = await owner('settings@example.org');
    const change = (settings: object) => bench.call(updateSpace, { spaceId, settings }, principal);
    await change({ recordingConsent: 'off', voice: { language: 'en-US' } });
    const { settings } = await change({ retentionDays: 30 });
    expect(settings).toEqual({
      ...{ recordingConsent: 'off', retentionDays: 30, limits: {} },
      voice: { language: 'en-US' },
    });
    expect((await change({ voice: null })).settings).toMatchObject({ recordingConsent: 'off', voice: null });
    const events = await bench.database.withSpaces([spaceId], async (trx) =>
      trx
        .selectFrom('event' as never)
        .select(['name', 'data'] as never)
        .where('key' as never, '=', spaceId as never)
        .orderBy('id' as never)
        .execute(),
    );
    expect(events).toMatchObject([
      { name: 'identity.space_created' },
      ...[
        { voice: { language: 'en-US' }, retentionDays: null },
        { voice: { language: 'en-US' }, retentionDays: 30 },
        { voice: null, retentionDays: 30 },
      ].map((told) => ({ name: 'identity.space_changed', data: { spaceId, name: 'Home', ...told } })),
    ]);
  });
});
