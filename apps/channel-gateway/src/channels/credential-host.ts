import { unprocessable } from '@parley/contracts';
import { phoneProviderFor } from '../adapters/index.ts';
import type { ChannelRow } from '../database.ts';

/**
 * A credential that is stored is not sent to a host that it was not given for: whoever may edit a channel, but does not
 * know its credentials, could have them sent to a host of their own.
 * @throws ProblemError 422 for another `apiBaseUrl` without the credentials
 */
export function requireCredentialsForHost(
  row: Pick<ChannelRow, 'deployment_type' | 'provider' | 'configuration' | 'sealed_credentials'>,
  configuration: Record<string, unknown> | undefined,
  areCredentialsGiven: boolean,
): void {
  if (configuration === undefined || areCredentialsGiven || !row.sealed_credentials) return;
  const home = phoneProviderFor(row)?.apiBaseUrl ?? null;
  const before = originOf(row.configuration['apiBaseUrl'], home);
  const after = originOf(configuration['apiBaseUrl'], home);
  if (before === after) return;
  throw unprocessable(
    `The channel's credentials were given for ${before ?? "the provider's own address"}. Send them again together with the new apiBaseUrl.`,
    'credentials_needed',
    [{ pointer: '/configuration/apiBaseUrl', detail: 'is another host than the credentials were given for' }],
  );
}

function originOf(url: unknown, home: string | null): string | null {
  const address = typeof url === 'string' ? url : home;
  return address !== null && URL.canParse(address) ? new URL(address).origin : address;
}
