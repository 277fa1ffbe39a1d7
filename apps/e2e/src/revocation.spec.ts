import {
  activateChannel,
  createApiKey,
  createConversation,
  deactivateChannel,
  postMessage,
  removeMember,
  revokeApiKey,
  updateMember,
} from '@parley/contracts';
import { until } from '@parley/testing';
import { send } from './calls.ts';
import { readDemo } from './demo.ts';
import { join, openSpace, type OwnSpace, visit } from './people.ts';
import { BareSocket, postFrame } from './socket.ts';

const WITHIN_MS = 2000;

describe('A right that is taken away', () => {
  const { baseUrl } = readDemo();
  let space: OwnSpace;
  let conversationId = '';

  beforeAll(async () => {
    space = await openSpace(baseUrl, 'Revocation');
    ({ id: conversationId } = await space.ownerClient.call(createConversation, { spaceId: space.spaceId }));
  });

  const status = async (token: string): Promise<number> =>
    (
      await send(`${baseUrl}/api/v1/spaces/${space.spaceId}/conversations`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).status;
  const follow = async (token: string): Promise<BareSocket> => {
    const socket = await new BareSocket(baseUrl).authenticate(token);
    socket.send({ type: 'subscribe', conversationId });
    await socket.heard('caught_up');
    return socket;
  };
  const say = (text: string): Promise<unknown> =>
    space.ownerClient.call(postMessage, {
      spaceId: space.spaceId,
      conversationId,
      parts: [{ type: 'text', text }],
    });

  async function expectEnd(token: string, take: () => Promise<unknown>, refusal: number): Promise<void> {
    const sockets = await Promise.all([follow(token), follow(token)]);
    expect(await status(token)).toBe(200);
    await take();
    const taken = Date.now();
    const ends = await Promise.all(sockets.map((socket) => socket.ended(WITHIN_MS)));
    for (const { code, at } of ends) {
      expect(code).toBe(4401);
      expect(at - taken).toBeLessThan(WITHIN_MS);
    }
    await until('HTTP refuses it', async () => (await status(token)) === refusal, WITHIN_MS);
    const before = sockets.map(({ frames }) => frames.length);
    await say('Not for those who left');
    expect(sockets.map(({ frames }) => frames.length)).toEqual(before);
  }

  it('follows a conversation live without naming a sequence', async () => {
    const socket = await follow(space.owner.token ?? '');
    const before = socket.frames.length;
    await say('Live');
    expect((await socket.heard('event', before)).name).toBe('conversation.message_posted');
    socket.close();
  });

  it('ends with an API key that is revoked', async () => {
    const { spaceId } = space;
    const { key, id: keyId } = await space.ownerClient.call(createApiKey, { spaceId, name: 'Short-lived' });
    await expectEnd(key, () => space.ownerClient.call(revokeApiKey, { spaceId, keyId }), 401);
  });

  it('ends with a membership', async () => {
    const { spaceId } = space;
    const { token, accountId = '' } = await join(space, 'agent');
    await expectEnd(token ?? '', () => space.ownerClient.call(removeMember, { spaceId, accountId }), 404);
  });

  it('ends connections when a role changes, and then the new role counts', async () => {
    const { spaceId } = space;
    const { token, accountId = '' } = await join(space, 'agent');
    const socket = await follow(token ?? '');
    await space.ownerClient.call(updateMember, { spaceId, accountId, role: 'viewer' });
    expect((await socket.ended(WITHIN_MS)).code).toBe(4401);
    const again = await follow(token ?? '');
    expect(await again.answerTo(postFrame('Still there?', conversationId))).toMatchObject({
      type: 'error',
      code: 'permission_denied',
    });
    again.close();
  });

  it('ends with the channel of a visitor: HTTP, sockets and uploads; and comes back with it', async () => {
    const { spaceId, webChannelId: channelId } = space;
    const headers = { origin: 'https://site.example' };
    const token = (await visit(space)).token ?? '';
    const socket = await new BareSocket(baseUrl, headers).authenticate(token);
    socket.send(postFrame('Hello'));
    const { message } = await socket.heard('posted');
    expect(await status(token)).toBe(200);
    await space.ownerClient.call(deactivateChannel, { spaceId, channelId });
    const taken = Date.now();
    const end = await socket.ended(WITHIN_MS);
    expect(end.code).toBe(4401);
    expect(end.at - taken).toBeLessThan(WITHIN_MS);
    expect(await status(token)).toBe(401);
    const upload = await send(`${baseUrl}/api/v1/spaces/${spaceId}/assets/uploads`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ fileName: 'a.txt', contentType: 'text/plain', size: 1 },
        conversationId: message.conversationId,
      }),
    });
    expect(upload.status).toBe(401);
    await space.ownerClient.call(activateChannel, { spaceId, channelId });
    await until('it works again', async () => (await status(token)) === 200, WITHIN_MS);
    (await new BareSocket(baseUrl, headers).authenticate(token)).close();
  });

  it('ends connections with the session of the one who signs out', async () => {
    const { token, refreshToken = '' } = await join(space, 'agent');
    const socket = await follow(token ?? '');
    await send(`${baseUrl}/api/v1/auth/sign-out`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken }),
    });
    expect((await socket.ended(WITHIN_MS)).code).toBe(4401);
  });
});
