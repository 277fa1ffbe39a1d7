import type { ChannelRow } from '../database.ts';
import { requireCredentialsForHost } from './credential-host.ts';

const rowWith = (apiBaseUrl?: string, sealed: string | null = 'sealed'): ChannelRow =>
  ({
    deployment_type: 'CALLS',
    provider: 'twilio',
    configuration: { apiBaseUrl, afterCall: 'close' },
    sealed_credentials: sealed,
  }) as unknown as ChannelRow;

describe('Credentials of a channel', () => {
  it.each([
    ['another host', 'https://api.example', 'https://evil.example'],
    ['another port', 'https://api.example', 'https://api.example:8443'],
    ['no encryption', 'https://api.example', 'http://api.example'],
    ["a host instead of the provider's own", undefined, 'https://evil.example'],
    ["the provider's own instead of another host", 'https://api.example', undefined],
  ])('are needed again for %s', (_what, before, after) => {
    const configuration = { apiBaseUrl: after };
    expect(() => requireCredentialsForHost(rowWith(before), configuration, false)).toThrow(
      expect.objectContaining({ status: 422, code: 'credentials_needed' }),
    );
    expect(() => requireCredentialsForHost(rowWith(before), configuration, true)).not.toThrow();
    expect(() => requireCredentialsForHost(rowWith(before, null), configuration, false)).not.toThrow();
  });

  it.each([
    ['the same host', 'https://api.example', 'https://api.example/v2'],
    ["the provider's own host, written out", undefined, 'https://api.twilio.com'],
    ['no host before and after', undefined, undefined],
  ])('stay with %s', (_what, before, after) => {
    expect(() => requireCredentialsForHost(rowWith(before), { apiBaseUrl: after }, false)).not.toThrow();
  });

  it('stay where the configuration does not change', () => {
    expect(() => requireCredentialsForHost(rowWith('https://api.example'), undefined, false)).not.toThrow();
  });
});
