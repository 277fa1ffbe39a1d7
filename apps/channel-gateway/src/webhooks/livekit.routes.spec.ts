import { ProblemError, receiveLiveKitEvent, unauthorized } from '@parley/contracts';
import type { OperationClient } from '@parley/messaging';
import { fastify, type FastifyInstance } from 'fastify';
import type { GatewayConfig } from '../config.ts';
import { LiveKitRoutes } from './livekit.routes.ts';

const url = '/api/v1/webhooks/livekit';
const body = '{ "id": "EV_one",  "event": "room_started" }';

let refusal: ProblemError | null;
let asked: unknown[][];
let onAsked: () => Promise<void>;
const request = async (...parts: unknown[]): Promise<unknown> => {
  asked.push(parts);
  await onAsked();
  if (refusal) throw refusal;
  return { status: 200, body: {} };
};

async function open(SERVICES: string): Promise<FastifyInstance> {
  const server = fastify();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, raw, done) => done(null, raw));
  new LiveKitRoutes({ request } as unknown as OperationClient, { SERVICES } as GatewayConfig).register(
    server,
  );
  await server.ready();
  return server;
}

async function send(
  payload: string,
  headers: Record<string, string> = { authorization: 'a.b.c' },
  services = 'conversation,telephony',
): Promise<{ status: number; retryAfter: unknown }> {
  const server = await open(services);
  const answer = await server.inject({
    ...{ method: 'POST', url, payload },
    headers: { 'content-type': 'application/webhook+json', ...headers },
  });
  await server.close();
  return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] };
}

beforeEach(() => {
  refusal = null;
  asked = [];
  onAsked = () => Promise.resolve();
});

describe("The gateway's door for LiveKit", () => {
  it('passes body and signature on, byte for byte, under the id of the event', async () => {
    expect(await send(body)).toMatchObject({ status: 200 });
    const options = expect.objectContaining({ idempotencyKey: 'EV_one' }) as unknown;
    expect(asked).toEqual([[receiveLiveKitEvent, { authorization: 'a.b.c', body }, options]]);
  });

  it('refuses what carries no signature, and what is too large', async () => {
    expect(await send(body, {})).toMatchObject({ status: 401 });
    expect(await send(JSON.stringify({ id: 'EV_two', more: 'x'.repeat(300_000) }))).toMatchObject({
      status: 413,
    });
    expect(asked).toEqual([]);
  });

  it('says what telephony says of a wrong signature', async () => {
    refusal = unauthorized('wrong');
    expect(await send('no JSON')).toMatchObject({ status: 401 });
  });

  it('asks LiveKit to come again while telephony is away', async () => {
    refusal = new ProblemError({ status: 504, code: 'outcome_unknown', detail: 'No answer.' });
    expect(await send(body)).toEqual({ status: 503, retryAfter: '1' });
  });

  it('leaves room for other requests while telephony does not answer', async () => {
    const answers = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    onAsked = async () => {
      if (asked.length === 100) waiting.resolve();
      await answers.promise;
    };
    const server = await open('telephony');
    const post = () =>
      server.inject({
        ...{ method: 'POST', url, payload: body },
        headers: { 'content-type': 'application/webhook+json', authorization: 'a.b.c' },
      });
    const first = Array.from({ length: 100 }, post);
    await waiting.promise;
    expect((await post()).statusCode).toBe(503);
    answers.resolve();
    expect(new Set((await Promise.all(first)).map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    expect((await post()).statusCode).toBe(200);
    await server.close();
  });

  it('is not there where no calls are', async () => {
    expect(await send(body, undefined, 'conversation')).toMatchObject({ status: 404 });
    expect(asked).toEqual([]);
  });
});
