import { type AddressInfo, connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  createChannel,
  getAgent,
  listAgents,
  type Principal,
  ProblemError,
  updateAgent,
} from '@parley/contracts';
import type { NatsConnection, OperationClient } from '@parley/messaging';
import { ClientAddresses, CONFIG, Logger } from '@parley/service';
import { fastify as makeFastify, type FastifyInstance } from 'fastify';
import { configSchema, type GatewayConfig } from '../config.ts';
import { ReferenceRoutes } from '../reference/reference.routes.ts';
import { RealtimeSocket } from '../sockets/realtime.socket.ts';
import type { AuthService } from './auth.service.ts';
import { openDoor, serverOptions } from './door.ts';
import { OperationRoutes } from './operations.routes.ts';
import { PageRoutes } from './pages.routes.ts';
import type { RateLimits } from './rate-limits.service.ts';

const caller: Principal = { type: 'api_key', id: 'key_one', spaces: { space_one: 'owner' } };
const agents = '/api/v1/spaces/space_one/agents';

/** The door with its real routes of pages and four operations; owners answer what the test says. */
class Door {
  readonly server: FastifyInstance;
  readonly logged: Record<string, unknown>[] = [];
  failure: Error | null = null;
  port = 0;

  constructor(config: Partial<GatewayConfig> = {}, waitMs = 400) {
    this.server = makeFastify({
      ...serverOptions,
      requestTimeout: waitMs,
      http: { requestTimeout: waitMs, headersTimeout: waitMs, connectionsCheckingInterval: 50 },
    });
    const whole = { ...configSchema.parse({}), PORT: 8080, ...config } as GatewayConfig;
    const operations = {
      request: async () => {
        if (this.failure) throw this.failure;
        return { status: 200, text: '{}', body: {}, replayed: false };
      },
    } as unknown as OperationClient;
    const auth = { principalOf: async () => caller, isKnown: () => true } as unknown as AuthService;
    const limits = new Proxy({}, { get: () => () => undefined }) as RateLimits;
    const routes = new OperationRoutes(auth, operations, limits, new ClientAddresses());
    const log = (about: Record<string, unknown>): void => void this.logged.push(about);
    const parts = new Map<unknown, unknown>([
      [CONFIG, whole],
      [Logger, { error: log, warn: log }],
      [
        OperationRoutes,
        {
          register: (scope: FastifyInstance) =>
            routes.register(scope, [createChannel, getAgent, listAgents, updateAgent]),
        },
      ],
      [PageRoutes, new PageRoutes(whole, {} as NatsConnection)],
      [ReferenceRoutes, new ReferenceRoutes()],
      [RealtimeSocket, { attach: () => undefined }],
    ]);
    openDoor({
      getHttpAdapter: () => ({ getInstance: () => this.server }),
      get: (token: unknown) => parts.get(token) ?? { register: () => undefined },
    } as unknown as NestFastifyApplication);
  }

  async listen(): Promise<this> {
    await this.server.listen({ port: 0, host: '127.0.0.1' });
    this.port = (this.server.server.address() as AddressInfo).port;
    return this;
  }

  /** Writes bytes on a connection of its own, piece by piece; resolves with the answer when the connection has ended. */
  async raw(pieces: string[], pauseMs = 0): Promise<{ text: string; milliseconds: number }> {
    const socket = connect(this.port, '127.0.0.1');
    const started = performance.now();
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    for (const piece of pieces) {
      if (socket.writable) socket.write(piece);
      await sleep(pauseMs);
    }
    await closed;
    return { text, milliseconds: performance.now() - started };
  }
}

describe('The door', () => {
  let door: Door;

  beforeAll(async () => {
    door = await new Door().listen();
  });

  beforeEach(() => {
    door.failure = null;
    door.logged.length = 0;
  });

  afterAll(() => door.server.close());

  const isProblem = (answer: { headers: Record<string, unknown>; json(): unknown }, code: string): void => {
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({ code, requestId: expect.stringMatching(/^req_/) });
  };

  it.each([
    ['GET', '/nothing', 404, 'not_found'],
    ['GET', '/api/v1/nothing', 404, 'not_found'],
    ['GET', '/docs/guides/missing', 404, 'not_found'],
    ['GET', '/docs/guides/..%2f..%2fpackage', 404, 'not_found'],
    ['GET', '/%zz', 400, 'bad_request'],
    ['GET', `/api/v1/spaces/${'x'.repeat(300)}`, 404, 'not_found'],
    ['POST', `/api/v1/webhooks/custom/${'x'.repeat(300)}`, 404, 'not_found'],
    ['PUT', agents, 405, 'method_not_allowed'],
    ['DELETE', '/docs', 405, 'method_not_allowed'],
    ['PROPFIND', '/', 405, 'method_not_allowed'],
    ['PROPFIND', '/nothing', 404, 'not_found'],
    ['TRACE', '/healthz', 405, 'method_not_allowed'],
  ])('answers %s %s with %i as problem details', async (method, url, status, code) => {
    const answer = await door.server.inject({ method: method as 'GET', url });
    expect(answer.statusCode).toBe(status);
    isProblem(answer, code);
    if (status === 405) expect(String(answer.headers['allow'])).toMatch(/GET/);
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])(
    'knows no space called %s',
    async (name) => {
      const answer = await door.server.inject({ url: `/api/v1/spaces/${name}/agents` });
      expect(answer.statusCode).toBe(404);
      isProblem(answer, 'not_found');
    },
  );

  it.each([
    [{ 'content-encoding': 'gzip' }, 415],
    [{ 'content-encoding': 'br' }, 415],
    [{ 'content-encoding': 'identity' }, 200],
    [{ 'content-type': 'application/json; charset=iso-8859-1' }, 415],
    [{ 'content-type': 'application/json; charset="UTF-16"' }, 415],
    [{ 'content-type': 'application/json; charset=utf-8' }, 200],
    [{ 'content-type': 'application/json;charset="UTF-8"' }, 200],
    [{ 'content-type': 'text/plain' }, 415],
    [{ 'content-type': 'nonsense' }, 415],
  ])('answers a body with %j with %i', async (headers, status) => {
    const answer = await door.server.inject({
      method: 'PATCH',
      url: `${agents}/agent_one`,
      payload:
        'content-encoding' in headers && headers['content-encoding'] === 'gzip'
          ? gzipSync('{}')
          : '{"name":"x"}',
      headers: { 'content-type': 'application/json', ...headers },
    });
    expect(answer.statusCode).toBe(status);
    if (status === 415) isProblem(answer, 'unsupported_media_type');
  });

  it.each([
    ['what was not expected', new Error('broken'), 500],
    ['an owner that is away', new ProblemError({ status: 503, code: 'unavailable', detail: 'Away.' }), 503],
    [
      'an unknown outcome',
      new ProblemError({ status: 504, code: 'outcome_unknown', detail: 'Unknown.' }),
      504,
    ],
  ])('logs %s with its request id', async (_what, failure, status) => {
    door.failure = failure;
    const answer = await door.server.inject({ url: agents });
    expect(answer.statusCode).toBe(status);
    const { requestId } = answer.json<{ requestId: string }>();
    expect(answer.headers['x-request-id']).toBe(requestId);
    expect(door.logged).toEqual([
      { requestId, method: 'GET', route: '/api/v1/spaces/:spaceId/agents', status, err: failure },
    ]);
  });

  it('logs nothing of refusals', async () => {
    await door.server.inject({ url: '/nothing' });
    expect(door.logged).toEqual([]);
  });

  it('lets no cache keep what the API answers', async () => {
    for (const url of [agents, '/api/v1/nothing'])
      expect((await door.server.inject({ url })).headers['cache-control']).toBe('no-store');
  });

  it.each(['/docs', '/events', '/docs/guides', '/docs/guides/architecture', '/demo'])(
    'lets no other page frame %s, and runs no inline script in it',
    async (url) => {
      const { statusCode, headers } = await door.server.inject({ url });
      expect(statusCode).toBe(200);
      expect(headers['content-type']).toMatch(/^text\/html/);
      const policy = String(headers['content-security-policy']);
      expect(policy).toMatch(/frame-ancestors 'none'/);
      expect(policy).toMatch(/script-src 'self';/);
      expect(headers['x-frame-options']).toBe('DENY');
    },
  );

  it.each([
    ['https://chat.example', 'max-age=31536000'],
    ['http://chat.example', undefined],
    [undefined, undefined],
  ])('with the public URL %s sends HSTS %s', async (PUBLIC_URL, expected) => {
    const other = new Door({ PUBLIC_URL });
    const { headers } = await other.server.inject({ url: '/healthz' });
    expect(headers['strict-transport-security']).toBe(expected);
    await other.server.close();
  });

  describe('of connections', () => {
    const head = `POST ${agents} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;

    it.each([
      ['that send nothing', [], 0],
      [
        'whose headers trickle in',
        Array.from({ length: 20 }, (_, index) => `${index ? '' : head}X-${index}: y\r\n`),
        40,
      ],
      [
        'whose body trickles in',
        [`${head}Content-Length: 1000\r\n\r\n`, ...Array.from({ length: 20 }, () => 'a')],
        40,
      ],
    ])('ends those %s in time', async (_what, pieces, pauseMs) => {
      const { text, milliseconds } = await door.raw(pieces, pauseMs);
      expect(text).toMatch(/^HTTP\/1\.1 408 /);
      expect(text).toContain('application/problem+json');
      expect(text).toContain('"code":"request_timeout"');
      expect(milliseconds).toBeLessThan(2500);
    });

    it.each([
      ['no HTTP', 'hello\r\n\r\n', 400, 'bad_request'],
      ['another version', 'GET / HTTP/9.9\r\n\r\n', 400, 'bad_request'],
      ['a method that is none', 'FOO / HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'bad_request'],
      ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400, 'bad_request'],
      [
        'too many headers',
        `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
        431,
        'headers_too_large',
      ],
    ])('answers %s as problem details', async (_what, bytes, status, code) => {
      const { text } = await door.raw([bytes]);
      expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      const [, body = ''] = text.split('\r\n\r\n');
      expect(JSON.parse(body)).toMatchObject({ status, code, requestId: expect.stringMatching(/^req_/) });
    });

    it('are kept while requests follow in time', async () => {
      const answers: number[] = [];
      for (let index = 0; index < 3; index += 1) {
        await new Promise<void>((resolve, reject) => {
          const asked = httpRequest({ port: door.port, path: '/healthz' }, (answer) => {
            answers.push(answer.statusCode ?? 0);
            answer.resume().on('end', () => resolve());
          });
          asked.on('error', reject).end();
        });
        await sleep(250);
      }
      expect(answers).toEqual([200, 200, 200]);
    });
  });
});

describe('Pages of other origins', () => {
  const ask = async (
    CORS_ORIGINS: string,
    of: { method?: string; url?: string; origin?: string; asked?: string },
  ) => {
    const door = new Door({ CORS_ORIGINS });
    const { method = 'GET', url = agents, origin, asked } = of;
    const answer = await door.server.inject({
      method: method as 'GET',
      url,
      headers: {
        ...(origin ? { origin } : {}),
        ...(asked ? { 'access-control-request-method': asked } : {}),
      },
    });
    await door.server.close();
    return answer;
  };
  const app = 'https://app.example';

  it.each([
    ['', app, undefined],
    [app, app, app],
    [app, 'https://evil.example', undefined],
    [app, 'null', undefined],
    ['https://*.example', app, undefined],
    ['https://*.app.example, https://x.example', 'https://eu.app.example', 'https://eu.app.example'],
  ])('with CORS_ORIGINS "%s" may %s read answers: %s', async (listed, origin, expected) => {
    const { headers } = await ask(listed, { origin });
    expect(headers['access-control-allow-origin']).toBe(expected);
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    expect(headers['vary']).toBe(listed === '' ? undefined : 'origin');
    if (expected) expect(headers['access-control-expose-headers']).toMatch(/etag.*retry-after.*x-request-id/);
  });

  it('are answered a preflight where they are listed', async () => {
    const { statusCode, headers } = await ask(app, { method: 'OPTIONS', origin: app, asked: 'PATCH' });
    expect(statusCode).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': app,
      'access-control-allow-methods': expect.stringContaining('PATCH') as string,
      'access-control-allow-headers': expect.stringMatching(
        /authorization.*idempotency-key.*if-match/,
      ) as string,
    });
    const refused = await ask(app, { method: 'OPTIONS', origin: 'https://evil.example', asked: 'PATCH' });
    expect(refused.statusCode).toBe(405);
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('read errors, too', async () => {
    const { statusCode, headers } = await ask(app, { origin: app, url: '/api/v1/spaces/space_two/agents' });
    expect([statusCode, headers['access-control-allow-origin']]).toEqual([404, app]);
  });

  it.each(['*', 'https://*', 'app.example', 'https://app.example/path'])('are not listed as %s', (listed) => {
    expect(configSchema.safeParse({ CORS_ORIGINS: listed }).success).toBe(false);
  });
});
