import {
  allOperations,
  downloadAsset,
  getAgent,
  listSessions,
  type OperationDefinition,
  type Principal,
  ProblemError,
  rolePermissions,
  roles,
} from '@parley/contracts';
import type { OperationClient } from '@parley/messaging';
import { ClientAddresses } from '@parley/service';
import { fastify as makeFastify, type FastifyInstance } from 'fastify';
import type { AuthService } from './auth.service.ts';
import { authorize, OperationRoutes } from './operations.routes.ts';
import type { RateLimits } from './rate-limits.service.ts';

const unlimited = Object.fromEntries(
  ['takeAddress', 'requireAddress', 'takeCaller', 'takeSpace'].map((name) => [name, () => undefined]),
) as unknown as RateLimits;
const inSpace = allOperations.filter((operation) => operation.http?.path.startsWith('/spaces/:spaceId'));
const cases = inSpace.flatMap((operation) =>
  roles.map((role) => ({ name: operation.name, role, operation })),
);

function statusFor(operation: (typeof inSpace)[number], principal: Principal): number {
  try {
    authorize(operation, principal, 'space_one');
    return 200;
  } catch (error) {
    return error instanceof ProblemError ? error.status : 500;
  }
}

describe('Authorization at the door', () => {
  it.each(cases)('lets $role call $name exactly where the table says so', ({ operation, role }) => {
    const type = role === 'visitor' ? 'visitor' : 'account';
    const included = [...rolePermissions[role]].some((permission) => permission === operation.permission);
    const allowed = included && (role !== 'visitor' || operation.visitor === true);
    const principal: Principal = { type, id: 'acc_one', spaces: { space_one: role } };
    expect(statusFor(operation, principal)).toBe(allowed ? 200 : 403);
  });

  it.each(inSpace)('knows nobody and no foreign space for $name', (operation) => {
    expect(statusFor(operation, { type: 'anonymous', id: 'anonymous', spaces: {} })).toBe(401);
    expect(statusFor(operation, { type: 'api_key', id: 'key_one', spaces: { space_two: 'owner' } })).toBe(
      404,
    );
  });
});

describe('An answer that is elsewhere', () => {
  const owner: Principal = { type: 'api_key', id: 'key_one', spaces: { space_one: 'owner' } };

  it.each([
    [302, 'https://files.example.org/one?signed'],
    [200, undefined],
  ])('with status %i redirects to %s', async (status, location) => {
    const body = { url: 'https://files.example.org/one?signed' };
    const answer = { status, body, text: JSON.stringify(body), replayed: false };
    const auth = { principalOf: async () => owner, isKnown: () => true } as unknown as AuthService;
    const client = { request: async () => answer } as unknown as OperationClient;
    const server = makeFastify();
    new OperationRoutes(auth, client, unlimited, new ClientAddresses()).register(server, [downloadAsset]);
    const reply = await server.inject({ url: '/api/v1/spaces/space_one/assets/asset_one/download' });
    expect(reply.statusCode).toBe(status);
    expect(reply.headers['location']).toBe(location);
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(reply.json()).toEqual(body);
    await server.close();
  });
});

describe('Routes of operations', () => {
  const routes = new OperationRoutes(
    {} as AuthService,
    {} as OperationClient,
    unlimited,
    new ClientAddresses(),
  );
  const registered = (operations: readonly OperationDefinition[]): string[] => {
    const urls: string[] = [];
    const fastify = { route: ({ url }: { url: string }) => urls.push(url) } as unknown as FastifyInstance;
    routes.register(fastify, operations);
    return urls;
  };

  it('are there for each operation that has a place, save the internal ones', () => {
    const open = allOperations.filter(({ http, permission }) => http && permission !== 'internal');
    expect(registered(allOperations)).toEqual(open.map(({ http }) => `/api/v1${http?.path}`));
  });

  it.each([
    ['no permission', { permission: undefined }, /has no permission/],
    ['an empty permission', { permission: '' }, /has no permission/],
    ['an unknown permission', { permission: 'agents:adore' }, /has no permission/],
    ['a permission outside of spaces', { http: { method: 'GET', path: '/agents' } }, /names no :spaceId/],
  ])('are refused, and with them the start, for an operation with %s', (_what, change, message) => {
    const broken = { ...getAgent, ...change } as unknown as OperationDefinition;
    expect(() => registered([...allOperations, broken])).toThrow(message);
  });
});

test('operations on accounts carry where their caller comes from, others do not', async () => {
  const asked: Principal[] = [];
  const client = {
    request: async (_operation: unknown, _input: unknown, { principal }: { principal: Principal }) => {
      asked.push(principal);
      return { status: 200, body: {}, text: '{}', replayed: false };
    },
  } as unknown as OperationClient;
  const caller: Principal = { type: 'account', id: 'acc_one', spaces: { space_one: 'owner' } };
  const auth = { principalOf: async () => caller, isKnown: () => true } as unknown as AuthService;
  const server = makeFastify();
  const addresses = new ClientAddresses('loopback');
  new OperationRoutes(auth, client, unlimited, addresses).register(server, [getAgent, listSessions]);
  const headers = { authorization: 'Bearer x', 'x-forwarded-for': '198.51.100.7', 'user-agent': 'Spec/1' };
  for (const url of ['/api/v1/auth/sessions', '/api/v1/spaces/space_one/agents/agent_one'])
    await server.inject({ url, headers });
  expect(asked).toEqual([{ ...caller, address: '198.51.100.7', userAgent: 'Spec/1' }, caller]);
  await server.close();
});
