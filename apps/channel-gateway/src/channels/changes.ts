import {
  badRequest,
  type ChannelCredentials,
  type DeploymentChannel,
  problemDetails,
} from '@parley/contracts';
import type { ChannelRow, ChannelTarget, TargetTable } from '../database.ts';

/** A channel as created: with its secret, shown once. */
export interface Created {
  channel: DeploymentChannel;
  credentials: { webhookSecret: string } | null;
}

/** A partial change of a channel. */
export interface Change {
  channelName?: string | null | undefined;
  recordingEnabled?: boolean | undefined;
  channelIdentifier?: string | undefined;
  configuration?: Record<string, unknown> | undefined;
  target?: ChannelTarget | null | undefined;
  language?: string | null | undefined;
  credentials?: ChannelCredentials | undefined;
}

/** What a request refers to: the target that its owner has shown, and where it stands in the request. */
export interface TargetReference {
  found?: TargetTable | null;
  pointer?: string;
}

/** Whether a change is one that a provider has to be asked about. */
export function isOtherAtProvider(before: ChannelRow, row: ChannelRow): boolean {
  return (
    before.channel_identifier !== row.channel_identifier ||
    before.sealed_credentials !== row.sealed_credentials ||
    before.configuration['apiBaseUrl'] !== row.configuration['apiBaseUrl'] ||
    (before.target === null) !== (row.target === null)
  );
}

/**
 * A field of a change, as its channel's type takes it.
 * @throws ProblemError 400
 */
export function check<Value>(
  field: string,
  result: { success: true; data: Value } | { success: false; error: Parameters<typeof problemDetails>[0] },
): Value {
  if (result.success) return result.data;
  const errors = problemDetails(result.error).map(({ pointer, detail }) => ({
    pointer: `/${field}${pointer}`,
    detail,
  }));
  throw badRequest(`The ${field} does not fit the channel's type.`, errors);
}
