import type { DeploymentChannel } from '@parley/contracts';
import type { ChannelRow } from '../database.ts';

/** A channel as its owner shows it, as calls need it. */
export function toChannelRow(spaceId: string, channel: DeploymentChannel): ChannelRow {
  const { id, deploymentType, status = 'active', channelIdentifier, configuration } = channel;
  return {
    space_id: spaceId,
    id,
    deployment_type: deploymentType,
    status,
    identifier: channelIdentifier,
    after_call: 'afterCall' in configuration ? configuration.afterCall : null,
    recording_enabled: channel.recordingEnabled,
  };
}
