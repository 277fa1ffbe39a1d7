import type { DeploymentType } from '@parley/contracts';
import { adapterFor, phoneProviderFor } from '../adapters/index.ts';
import type { ChannelRow, ChannelStatus } from '../database.ts';
import {
  NO_CREDENTIALS,
  NO_PROVIDER,
  NO_PUBLIC_URL,
  NO_TARGET,
  notConnected,
  NOT_VERIFIED,
  READY,
  TARGET_GONE,
} from '../connections/reasons.ts';

/** How the target of a channel stands. */
export type TargetState = 'none' | 'gone' | 'there';

/** What the status of a channel follows from, where its provider need not be asked. */
export interface StatusFacts {
  deploymentType: DeploymentType;
  provider: string | null;
  hasCredentials: boolean;
  target: TargetState;
  /** Whether the installation has a public address. */
  isPublic: boolean;
}

/** What channels of a type are activated by: nobody, a check at their provider, or nothing that is built in. */
export type Activation = 'immediate' | 'provider' | 'unsupported';

/** How a channel of this type and provider becomes active. */
export function activationOf({
  deploymentType,
  provider,
}: Pick<StatusFacts, 'deploymentType' | 'provider'>): Activation {
  if (deploymentType === 'WEB' || adapterFor(deploymentType)) return 'immediate';
  if (deploymentType === 'CALLS' && provider === null) return 'provider';
  return phoneProviderFor({ deployment_type: deploymentType, provider }) ? 'provider' : 'unsupported';
}

/** What a channel lacks before it can be activated, the first thing first; null where it lacks nothing that is known here. */
export function lackOf(facts: StatusFacts): string | null {
  const activation = activationOf(facts);
  if (activation === 'unsupported') return notConnected(facts.deploymentType, facts.provider);
  if (facts.target === 'none') return NO_TARGET;
  if (facts.target === 'gone') return TARGET_GONE;
  if (activation === 'immediate') return null;
  if (facts.provider === null) return NO_PROVIDER;
  if (!facts.hasCredentials) return NO_CREDENTIALS;
  return facts.isPublic ? null : NO_PUBLIC_URL;
}

/** The reason of a channel in status `setup` that its provider was not asked about. */
export function setupReasonOf(facts: StatusFacts): string {
  return lackOf(facts) ?? (activationOf(facts) === 'provider' ? NOT_VERIFIED : READY);
}

/** The status of a channel that no provider is asked about: what is not switched off follows from what it has. */
export function statusWithoutCheck(
  row: ChannelRow,
  facts: StatusFacts,
): { status: ChannelStatus; reason: string | null } {
  if (row.status === 'inactive') return { status: 'inactive', reason: row.status_reason };
  const wasActive = row.status === 'active' || row.status === 'error';
  if (!wasActive || activationOf(facts) !== 'immediate')
    return { status: 'setup', reason: setupReasonOf(facts) };
  if (facts.target === 'none') return { status: 'setup', reason: NO_TARGET };
  return facts.target === 'gone'
    ? { status: 'error', reason: TARGET_GONE }
    : { status: 'active', reason: null };
}
