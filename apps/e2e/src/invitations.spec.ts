import { randomUUID } from 'node:crypto';
import { createClient } from '@parley/client';
import {
  createApiKey,
  createInvitation,
  getMe,
  leaveSpace,
  listMembers,
  listSessions,
  revokeSession,
  signIn,
  signUp,
} from '@parley/contracts';
import { until } from '@parley/testing';
import { send } from './calls.ts';
import { readDemo } from './demo.ts';
import { mailedToken, openSpace, type OwnSpace } from './people.ts';
import { BareSocket } from './socket.ts';

const WITHIN_MS = 2000;

describe('Somebody who is invited by mail', () => {
  const { baseUrl, mailUrl } = readDemo();
  const email = `guest-${randomUUID()}@example.com`;
  const password = randomUUID();
  let space: OwnSpace;
  let token = '';

  beforeAll(async () => {
    space = await openSpace(baseUrl, 'Invitations');
  });

  const status = async (credential: string): Promise<number> => {
    const headers = { authorization: `Bearer ${credential}` };
    return (await send(`${baseUrl}/api/v1/spaces/${space.spaceId}/members`, { headers })).status;
  };

  it('follows the link to a page, signs up with it, and is a member', async () => {
    const { spaceId, ownerClient } = space;
    await ownerClient.call(createInvitation, { spaceId, email, role: 'admin' });
    const invitationToken = await mailedToken(mailUrl, 'invitation', email);
    expect(await send(`${baseUrl}/account`)).toMatchObject({
      status: 200,
      type: expect.stringMatching('html'),
    });
    expect((await send(`${baseUrl}/account/account.js`)).text).toContain('/auth/sign-up');
    const anybody = createClient({ baseUrl });
    const session = await anybody.call(signUp, { email, password, name: 'Guest', invitationToken });
    token = session.accessToken;
    expect(session.account).toMatchObject({ emailVerified: true, spaces: [{ id: spaceId, role: 'admin' }] });
    const { data } = await ownerClient.call(listMembers, { spaceId });
    expect(data.map((member) => member.email)).toContain(email);
  });

  it('sees the own sessions with addresses, and ends another one with its sockets', async () => {
    const other = await createClient({ baseUrl }).call(signIn, { email, password });
    const client = createClient({ baseUrl, token });
    const { data } = await client.call(listSessions, {});
    expect(data.map(({ current }) => current)).toEqual([false, true]);
    expect(data[0]?.address).toMatch(/^(127\.0\.0\.1|::1)$/);
    const socket = await new BareSocket(baseUrl).authenticate(other.accessToken);
    await client.call(revokeSession, { sessionId: data[0]?.id ?? '' });
    const revoked = Date.now();
    const { code, at } = await socket.ended(WITHIN_MS);
    expect(code).toBe(4401);
    expect(at - revoked).toBeLessThan(WITHIN_MS);
    await until('HTTP refuses it', async () => (await status(other.accessToken)) === 401, WITHIN_MS);
    expect(await status(token)).toBe(200);
  });

  it('leaves, and the keys made meanwhile end, with their sockets', async () => {
    const { spaceId } = space;
    const client = createClient({ baseUrl, token });
    const { key } = await client.call(createApiKey, { spaceId, name: 'Mine' });
    const sockets = await Promise.all([token, key].map((one) => new BareSocket(baseUrl).authenticate(one)));
    expect(await status(key)).toBe(200);
    await client.call(leaveSpace, { spaceId });
    const ends = await Promise.all(sockets.map((socket) => socket.ended(WITHIN_MS)));
    expect(ends.map(({ code }) => code)).toEqual([4401, 4401]);
    await until('HTTP refuses the key', async () => (await status(key)) === 401, WITHIN_MS);
    await until('the space is gone', async () => (await status(token)) === 404, WITHIN_MS);
    expect((await client.call(getMe, {})).account?.spaces).toEqual([]);
  });
});
