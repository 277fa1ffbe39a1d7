import type { DeploymentChannel } from '@parley/contracts';
import { adapterFor, phoneProviderFor } from '../adapters/index.ts';
import type { GatewayConfig } from '../config.ts';
import type { ChannelRow, ChannelStatus } from '../database.ts';
import { publicBase, webhookPath } from './addresses.ts';

/** A channel as the API shows it. */
export function toChannel(row: ChannelRow, config: GatewayConfig): DeploymentChannel {
  return {
    id: row.id,
    deploymentType: row.deployment_type,
    channelName: row.channel_name,
    recordingEnabled: row.recording_enabled,
    channelIdentifier: row.channel_identifier,
    configuration: row.configuration,
    provider: row.provider,
    target: row.target,
    language: row.language,
    status: row.status,
    statusReason: row.status_reason,
    webhookUrl: webhookUrlOf(row, config),
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  } as DeploymentChannel;
}

/** The address that answers the provider's requests; null for channels that have none. */
function webhookUrlOf(row: ChannelRow, config: GatewayConfig): string | null {
  const base = publicBase(config);
  if (adapterFor(row.deployment_type)) {
    const path = webhookPath(row.deployment_type.toLowerCase(), row.id);
    return `${base ?? `http://127.0.0.1:${config.PORT}`}${path}`;
  }
  // A provider signs the public address: without one no request of it is answered.
  const provider = phoneProviderFor(row);
  return provider && base !== null ? `${base}${webhookPath(provider.name, row.id)}` : null;
}

/** A channel as its event tells of it. */
export function toStatusData(
  row: ChannelRow,
): { status: ChannelStatus | 'deleted' } & Record<string, unknown> {
  return {
    channelId: row.id,
    deploymentType: row.deployment_type,
    status: row.status,
    statusReason: row.status_reason,
    target: row.target,
    channelName: row.channel_name,
    channelIdentifier: row.channel_identifier,
    afterCall: row.configuration['afterCall'] ?? null,
    recordingEnabled: row.recording_enabled,
  };
}
