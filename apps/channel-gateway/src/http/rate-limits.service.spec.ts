import { getAgent, type Principal, signIn, unauthorized } from '@parley/contracts';
import type { Leases, OperationClient } from '@parley/messaging';
import { ClientAddresses, type Metrics } from '@parley/service';
import { fastify as makeFastify, type FastifyInstance } from 'fastify';
import type { ChannelDirectory } from '../channels/channel-directory.service.ts';
import { configSchema, type GatewayConfig } from '../config.ts';
import { AuthService } from './auth.service.ts';
import { OperationRoutes } from './operations.routes.ts';
import { RateLimits } from './rate-limits.service.ts';
import type { SpaceLimits } from './space-limits.ts';

const principals: Record<string, Principal> = {
  one: { type: 'api_key', id: 'key_one', spaces: { space_one: 'owner' } },
  two: { type: 'api_key', id: 'key_two', spaces: { space_one: 'owner' } },
  other: { type: 'api_key', id: 'key_other', spaces: { space_two: 'owner' } },
};

/** A gateway with small limits, before an identity that knows three keys. */
class Door {
  readonly server: FastifyInstance = makeFastify();
  lookups = 0;
  spaceMost: number | undefined;

  constructor(config: Partial<GatewayConfig>) {
    const operations = {
      request: async (_definition: unknown, input: { credential?: string }) => {
        if (!('credential' in input)) return { status: 200, text: '{}', body: {}, replayed: false };
        this.lookups += 1;
        const principal = principals[input.credential ?? ''];
        if (!principal) throw unauthorized();
        return { body: { principal } };
      },
    } as unknown as OperationClient;
    const spaces = { requestsPerMinute: () => this.spaceMost } as unknown as SpaceLimits;
    const limits = new RateLimits(
      { processCount: 1 } as Leases,
      new ClientAddresses('loopback'),
      spaces,
      { count: () => undefined } as unknown as Metrics,
      { ...configSchema.parse({}), ...config } as GatewayConfig,
    );
    new OperationRoutes(
      new AuthService(operations, { find: () => undefined } as unknown as ChannelDirectory),
      operations,
      limits,
      new ClientAddresses('loopback'),
    ).register(this.server, [getAgent, signIn]);
  }

  async agent(credential: string, address = '198.51.100.1', space = 'space_one'): Promise<number> {
    const { statusCode } = await this.server.inject({
      url: `/api/v1/spaces/${space}/agents/agent_one`,
      headers: { authorization: `Bearer ${credential}`, 'x-forwarded-for': address },
    });
    return statusCode;
  }

  /** Statuses of so many requests. */
  async times(count: number, ask: () => Promise<number>): Promise<Record<number, number>> {
    const found: Record<number, number> = {};
    for (let index = 0; index < count; index += 1) {
      const status = await ask();
      found[status] = (found[status] ?? 0) + 1;
    }
    return found;
  }
}

describe('Limits of the API', () => {
  it('are those of each key', async () => {
    const door = new Door({ RATE_LIMIT_KEY: 30 });
    expect(await door.times(40, () => door.agent('one'))).toEqual({ 200: 30, 429: 10 });
    expect(await door.agent('two')).toBe(200);
  });

  it('are those of each space, whatever key is used', async () => {
    const door = new Door({ RATE_LIMIT_SPACE: 30 });
    expect(await door.times(20, () => door.agent('one'))).toEqual({ 200: 20 });
    expect(await door.times(20, () => door.agent('two'))).toEqual({ 200: 10, 429: 10 });
    expect(await door.agent('other', '198.51.100.1', 'space_two')).toBe(200);
  });

  it('are lowered by the settings of a space', async () => {
    const door = new Door({});
    door.spaceMost = 120;
    const found = await door.times(40, () => door.agent('one'));
    expect(found[200]).toBeLessThan(20);
    expect(found[429]).toBeGreaterThan(20);
  });

  it('are those of an address for wrong credentials; known callers of that address go on', async () => {
    const door = new Door({ RATE_LIMIT_ADDRESS: 30 });
    expect(await door.agent('one')).toBe(200);
    let no = 0;
    expect(await door.times(50, () => door.agent(`wrong${(no += 1)}`))).toEqual({ 401: 30, 429: 20 });
    // Refused before it is looked up.
    expect(door.lookups).toBe(31);
    expect(await door.agent('one')).toBe(200);
    expect(await door.agent('wrong', '198.51.100.2')).toBe(401);
  });

  it('are those of an address for what is open to everybody', async () => {
    const door = new Door({ RATE_LIMIT_ADDRESS: 30 });
    const ask = async (address: string): Promise<number> => {
      const answer = await door.server.inject({
        method: 'POST',
        url: '/api/v1/auth/sign-in',
        payload: '{"email":"a@b.example","password":"correct horse"}',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      });
      if (answer.statusCode === 429) {
        expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
        expect(answer.json()).toMatchObject({ code: 'rate_limited' });
      }
      return answer.statusCode;
    };
    const found = await door.times(40, () => ask('198.51.100.1'));
    expect(found[429]).toBe(10);
    expect(await ask('198.51.100.2')).not.toBe(429);
  });
});
