import type { PhoneCapabilities, TwilioCredentials } from '@parley/contracts';

/** How a provider is reached for one channel. */
export interface ProviderAccess {
  credentials: TwilioCredentials;
  /** Instead of the provider's own address. */
  apiBaseUrl: string | null;
  fetch: typeof fetch;
}

/** Where a provider asks what to do with a call, and tells what became of it. */
export interface VoiceWebhook {
  voiceUrl: string;
  voiceMethod: string;
  statusCallback: string;
  statusCallbackMethod: string;
}

/** A number of an account. */
export interface ProviderNumber {
  number: string;
  providerNumberId: string;
  name: string;
  capabilities: PhoneCapabilities;
  /** Why its calls go elsewhere whatever the webhook says, and what to do about it; null where they do not. */
  overridden: string | null;
  webhook: VoiceWebhook;
}

/** A call that a carrier is to place. */
export interface ProviderCall {
  from: string;
  to: string;
  /** Where the carrier asks what to do once somebody takes up, and tells how it goes. */
  voiceUrl: string;
  statusCallback: string;
  ringSeconds: number;
  detectMachine: boolean;
}

/** A carrier of calls. Every method throws ProviderError. */
export interface PhoneProvider {
  name: string;
  /** As people know it. */
  label: string;
  /** Where its API is, unless a channel names another address. */
  apiBaseUrl: string;
  /** Returns when the credentials are right and the account may be used. */
  checkAccount(access: ProviderAccess): Promise<void>;
  /** All numbers of the account, or those that are this one. */
  listNumbers(access: ProviderAccess, number?: string): Promise<ProviderNumber[]>;
  setWebhook(access: ProviderAccess, providerNumberId: string, webhook: VoiceWebhook): Promise<void>;
  /** Dials; returns the carrier's id of the call. After an `away` that is not `isUndone` it may have dialled. */
  placeCall(access: ProviderAccess, call: ProviderCall): Promise<string>;
  /** The carrier's ids of the calls from one number to another that were asked for since then. */
  findCalls(
    access: ProviderAccess,
    of: Pick<ProviderCall, 'from' | 'to'> & { since: Date },
  ): Promise<string[]>;
  /** Lets a call go, whether it rings or goes on; one that has ended is as good. */
  hangUp(access: ProviderAccess, providerCallId: string): Promise<void>;
}

/**
 * What came of a request to a provider: `credentials` and `refused` stay until a person mends something, `missing` is not
 * there, `away` passes. The message is for people and holds nothing secret.
 */
export class ProviderError extends Error {
  readonly kind: 'credentials' | 'refused' | 'missing' | 'away';
  /** The provider's own number for the mistake. */
  readonly code: number | null;
  readonly afterMs: number | null;
  /** Whether an `away` says for certain that nothing was done. */
  readonly isUndone: boolean;

  constructor(
    kind: ProviderError['kind'],
    message: string,
    {
      code = null,
      afterMs = null,
      isUndone = false,
    }: { code?: number | null; afterMs?: number | null; isUndone?: boolean } = {},
  ) {
    super(message);
    this.name = 'ProviderError';
    this.kind = kind;
    this.code = code;
    this.afterMs = afterMs;
    this.isUndone = isUndone;
  }
}
