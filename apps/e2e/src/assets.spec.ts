import { createHash } from 'node:crypto';
import {
  beginUpload,
  completeUpload,
  createConversation,
  createFolder,
  getAsset,
  listMessages,
  newId,
  postMessage,
} from '@parley/contracts';
import { until } from '@parley/testing';
import { clientOf, readDemo } from './demo.ts';
import { type OwnSpace, openSpace, visit } from './people.ts';

const body = new TextEncoder().encode('What was agreed on '.repeat(10_000));

describe('A file', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const { spaceId, baseUrl } = demo;
  const authorization = `Bearer ${demo.apiKey}`;

  async function upload(folderId?: string, conversationId?: string): Promise<string> {
    const begun = await client.call(beginUpload, {
      ...{ spaceId, fileName: 'minutes.txt', contentType: 'text/plain', size: body.length },
      ...(folderId ? { folderId } : {}),
      ...(conversationId ? { conversationId } : {}),
    });
    const { url, method } = begun.upload;
    const sent = await fetch(url, { method, body, headers: { 'content-type': 'text/plain' } });
    expect(sent.status).toBe(200);
    const done = await client.call(completeUpload, { spaceId, assetId: begun.asset.id });
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(done).toMatchObject({ status: 'ready', size: body.length, sha256 });
    return done.id;
  }

  it('is uploaded into a folder, and downloaded whole and in part by its redirect', async () => {
    const folder = await client.call(createFolder, { spaceId, name: `Minutes ${Date.now()}` });
    const assetId = await upload(folder.id);
    const download = `${baseUrl}/api/v1/spaces/${spaceId}/assets/${assetId}/download`;
    const redirect = await fetch(download, { headers: { authorization }, redirect: 'manual' });
    expect(redirect.status).toBe(302);
    const whole = await fetch(download, { headers: { authorization } });
    expect(Buffer.from(await whole.arrayBuffer()).equals(body)).toBe(true);
    const part = await fetch(download, { headers: { authorization, range: 'bytes=0-3' } });
    expect([part.status, await part.text()]).toEqual([206, 'What']);
    expect((await fetch(download)).status).toBe(401);
    const other = { headers: { authorization: `Bearer ${demo.other.apiKey}` } };
    expect((await fetch(download, other)).status).toBe(404);
  });

  it('goes with a message as its attachment', async () => {
    const { id: conversationId } = await client.call(createConversation, { spaceId });
    const assetId = await upload(undefined, conversationId);
    const part = {
      ...{ type: 'attachment' as const, assetId, name: 'minutes.txt' },
      ...{ contentType: 'text/plain', size: body.length },
    };
    await client.call(postMessage, { spaceId, conversationId, parts: [part] });
    const { data } = await client.call(listMessages, { spaceId, conversationId });
    expect(data[0]?.parts).toEqual([part]);
    expect(await client.call(getAsset, { spaceId, assetId })).toMatchObject({ conversationId });
    const foreign = { ...part, assetId: newId('asset') };
    await expect(
      client.call(postMessage, { spaceId, conversationId, parts: [foreign] }),
    ).rejects.toMatchObject({ status: 422, code: 'unknown_attachment' });
  });

  it('of others is none to a visitor', async () => {
    const own: OwnSpace = await openSpace(baseUrl, 'Files');
    // Its site is known to the door a moment after it was made.
    const visitor = await until('the site lets visitors in', async () => {
      const found = await visit(own);
      return found.token ? found : null;
    });
    const begun = await own.ownerClient.call(beginUpload, {
      ...{ spaceId: own.spaceId, fileName: 'a.txt', contentType: 'text/plain', size: 1 },
    });
    const url = `${baseUrl}/api/v1/spaces/${own.spaceId}/assets/${begun.asset.id}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${visitor.token}` } });
    expect(answer.status).toBe(404);
  });
});
