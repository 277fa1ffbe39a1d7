import { createHmac } from 'node:crypto';
import { type Asset, getAsset, notFound, ProblemError } from '@parley/contracts';
import type { EventPublisher, OperationClient } from '@parley/messaging';
import type { Logger, Metrics } from '@parley/service';
import { fastify } from 'fastify';
import type { ChannelDirectory, KnownChannel } from '../channels/channel-directory.service.ts';
import type { RateLimits } from '../http/rate-limits.service.ts';
import { InboundAttachments } from './inbound-attachments.service.ts';
import { WebhooksRoutes } from './webhooks.routes.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const channel = { id: 'chan_one', spaceId: 'space_one', deploymentType: 'CUSTOM', status: 'active' };

let published: Record<string, unknown>[];
let counted: unknown[][];
let files: Map<string, Partial<Asset> | ProblemError>;

beforeEach(() => {
  published = [];
  counted = [];
  files = new Map();
});

async function send(body: object, status = 'active'): Promise<{ status: number; body: unknown }> {
  const known = { ...channel, status } as KnownChannel;
  const directory = { find: () => known, secretOf: () => secret } as unknown as ChannelDirectory;
  const publish = (_definition: unknown, _spaceId: string, data: Record<string, unknown>) => {
    published.push(data);
    return Promise.resolve();
  };
  const request = (definition: unknown, { assetId, spaceId }: { assetId: string; spaceId: string }) => {
    expect([definition, spaceId]).toEqual([getAsset, 'space_one']);
    const file = files.get(assetId) ?? notFound('The file');
    return file instanceof ProblemError ? Promise.reject(file) : Promise.resolve({ body: file });
  };
  const metrics = { count: (...parts: unknown[]) => counted.push(parts) };
  const server = fastify();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, raw, done) => done(null, raw));
  new WebhooksRoutes(
    directory,
    { publish, waiting: 0 } as unknown as EventPublisher,
    { takeWebhook: () => undefined } as unknown as RateLimits,
    new InboundAttachments({ request } as unknown as OperationClient),
    metrics as unknown as Metrics,
    { info: () => undefined } as unknown as Logger,
  ).register(server);
  const payload = JSON.stringify({ messageId: 'm-1', sender: { id: 'ann' }, ...body });
  const at = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.slice(6), 'base64');
  const signature = createHmac('sha256', key).update(`wh_1.${at}.${payload}`).digest('base64');
  const answer = await server.inject({
    ...{ method: 'POST', url: '/api/v1/webhooks/custom/chan_one', payload },
    headers: {
      'content-type': 'application/json',
      ...{ 'webhook-id': 'wh_1', 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` },
    },
  });
  await server.close();
  return { status: answer.statusCode, body: answer.json() };
}

const hello = { parts: [{ type: 'text', text: 'Hello', format: 'plain' }] };
const attachment = { type: 'attachment', assetId: 'asset_one', name: 'a.png', contentType: 'x/y', size: 1 };
const withFile = { parts: [...hello.parts, attachment] };

describe('The webhook of a custom channel', () => {
  it('answers 202 with the message id once the message is stored', async () => {
    expect(await send(hello)).toEqual({ status: 202, body: { messageId: 'm-1' } });
    expect(published).toMatchObject([{ providerMessageId: 'm-1', parts: hello.parts }]);
    expect(counted).toEqual([]);
  });

  it.each(['inactive', 'setup', 'error'])(
    'says that nothing was taken while it is %s, and counts it',
    async (status) => {
      expect(await send(withFile, status)).toEqual({
        status: 200,
        body: {
          ...{ messageId: 'm-1', accepted: false, code: 'channel_inactive' },
          detail: expect.stringContaining('the message was dropped'),
        },
      });
      expect(published).toEqual([]);
      expect(counted).toEqual([['webhook_messages_dropped', { type: 'CUSTOM', status }, 1]]);
    },
  );

  it('takes a file of the space, with type and size as they are stored', async () => {
    files.set('asset_one', { status: 'ready', internal: false, contentType: 'image/png', size: 70 });
    expect((await send(withFile)).status).toBe(202);
    expect(published).toMatchObject([
      { parts: [hello.parts[0], { ...attachment, contentType: 'image/png', size: 70 }] },
    ]);
  });

  it.each<[string, Partial<Asset> | ProblemError | undefined, object]>([
    ['is unknown, or of another space', undefined, { status: 422, code: 'unknown_attachment' }],
    ['is quarantined', { status: 'quarantined' }, { status: 422, code: 'attachment_withheld' }],
    [
      'is visible to members only',
      { status: 'ready', internal: true },
      { status: 422, code: 'attachment_withheld' },
    ],
    ['is not uploaded yet', { status: 'pending' }, { status: 409, code: 'attachment_not_ready' }],
    [
      'cannot be checked now',
      new ProblemError({ status: 503, code: 'unavailable', detail: 'away' }),
      { status: 503, code: 'unavailable' },
    ],
  ])('refuses a message whose file %s, and stores nothing', async (_what, file, expected) => {
    if (file) files.set('asset_one', file);
    const answer = await send(withFile);
    expect({ ...(answer.body as object), status: answer.status }).toMatchObject(expected);
    if (answer.status === 422)
      expect(answer.body).toMatchObject({ errors: [{ pointer: '/parts/1/assetId' }] });
    expect(published).toEqual([]);
    // Without a file the message is stored all the same: nobody is asked.
    expect((await send(hello)).status).toBe(202);
  });
});
