import {
  getCallProfile,
  issueVisitorToken,
  type OperationDefinition,
  tooManyRequests,
} from '@parley/contracts';
import type { OperationClient } from '@parley/messaging';
import { fastify } from 'fastify';
import type { ChannelDirectory, KnownChannel } from '../channels/channel-directory.service.ts';
import type { GatewayConfig } from '../config.ts';
import type { AuthService } from '../http/auth.service.ts';
import type { RateLimits } from '../http/rate-limits.service.ts';
import type { VoiceAccess } from './voice-access.service.ts';
import { WidgetRoutes } from './widget.routes.ts';

const page = 'https://shop.example';

/** Asks for a session, refused for the reason that is given. */
async function ask(
  origin: string | undefined,
  refusal: { status?: KnownChannel['status']; isOverLimit?: boolean },
) {
  const { status = 'active', isOverLimit = false } = refusal;
  const channel = { id: 'chan_1', deploymentType: 'WEB', status, channelIdentifier: page, configuration: {} };
  const takeSession = (): void => {
    if (isOverLimit) throw tooManyRequests('Too many sessions.', 7);
  };
  const server = fastify();
  new WidgetRoutes(
    { find: () => channel } as unknown as ChannelDirectory,
    {} as AuthService,
    {} as OperationClient,
    {} as VoiceAccess,
    { takeSession } as unknown as RateLimits,
    { PORT: 8080 } as GatewayConfig,
  ).register(server);
  const url = '/api/v1/widget/chan_1/sessions';
  const answer = await server.inject({ method: 'POST', url, headers: { ...(origin ? { origin } : {}) } });
  await server.close();
  const { detail } = answer.json<{ detail: string }>();
  return { status: answer.statusCode, readableBy: answer.headers['access-control-allow-origin'], detail };
}

describe('A session of the widget that is refused', () => {
  it('tells an allowed page why', async () => {
    expect(await ask(page, { isOverLimit: true })).toMatchObject({ status: 429, readableBy: page });
    expect(await ask(page, { status: 'inactive' })).toMatchObject({ status: 404, readableBy: page });
  });

  it('tells other pages nothing', async () => {
    const answer = await ask('https://other.example', {});
    expect(answer).toMatchObject({ status: 403, readableBy: undefined });
    expect(answer.detail).toContain('configuration.allowedOrigins');
  });

  it.each([
    ['without an origin how to get a session', undefined, 'session-url'],
    ['that are files or sandboxed frames what they lack', 'null', 'allow-same-origin'],
  ])('tells clients %s', async (_what, origin, hint) => {
    const { status, readableBy, detail } = await ask(origin, {});
    expect([status, readableBy]).toEqual([403, undefined]);
    expect(detail).toContain(hint);
  });
});

describe('The greeting of a session', () => {
  const target = { agentId: 'agent_1' };

  async function greetingOf(
    widgetConfiguration: object | undefined,
    profile: () => object,
  ): Promise<unknown> {
    const base = { id: 'chan_1', spaceId: 'space_1', deploymentType: 'WEB', status: 'active', target };
    const channel = { ...base, channelIdentifier: page, configuration: { widgetConfiguration } };
    const request = async ({ name }: OperationDefinition) => {
      if (name === issueVisitorToken.name) return { body: { visitorToken: 'token', expiresAt: 'later' } };
      if (name === getCallProfile.name) return { body: profile() };
      throw new Error(name);
    };
    const server = fastify();
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    new WidgetRoutes(
      { find: () => channel } as unknown as ChannelDirectory,
      {} as AuthService,
      { request } as unknown as OperationClient,
      { issue: async () => ({}) } as unknown as VoiceAccess,
      { takeSession: () => undefined } as unknown as RateLimits,
      { PORT: 8080 } as GatewayConfig,
    ).register(server);
    const url = '/api/v1/widget/chan_1/sessions';
    const answer = await server.inject({
      method: 'POST',
      url,
      headers: { origin: page, 'content-type': 'application/json' },
      payload: '{}',
    });
    await server.close();
    return answer.json().configuration;
  }

  it("is the channel's, else the agent's, else left to the widget", async () => {
    const profile = () => ({ greeting: 'Hi, I am Ada.' });
    expect(await greetingOf({ greeting: 'Ask!', position: 'left' }, profile)).toEqual({
      greeting: 'Ask!',
      position: 'left',
    });
    expect(await greetingOf({ position: 'left' }, profile)).toEqual({
      greeting: 'Hi, I am Ada.',
      position: 'left',
    });
    expect(await greetingOf(undefined, () => ({ greeting: null }))).toEqual({});
    const failing = () => {
      throw new Error('down');
    };
    expect(await greetingOf(undefined, failing)).toEqual({});
  });
});
