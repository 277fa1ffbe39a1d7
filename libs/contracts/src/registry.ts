import { assetEvents } from './asset/events.ts';
import * as assetOperations from './asset/operations.ts';
import { channelEvents } from './channel/events.ts';
import * as channelOperations from './channel/operations.ts';
import { conversationEvents } from './conversation/events.ts';
import * as conversationOperations from './conversation/operations.ts';
import type { EventDefinition } from './core/event.ts';
import { domainOf, type OperationDefinition } from './core/operation.ts';
import { flowEvents } from './flow/events.ts';
import * as flowOperations from './flow/operations.ts';
import { identityEvents } from './identity/events.ts';
import * as identityOperations from './identity/operations.ts';
import { notificationEvents } from './notification/events.ts';
import * as notificationOperations from './notification/operations.ts';
import { telephonyEvents } from './telephony/events.ts';
import * as telephonyOperations from './telephony/operations.ts';
import { voiceEvents } from './voice/events.ts';

/** Every event there is, by domain. */
export const allEvents: readonly EventDefinition[] = [
  ...channelEvents,
  ...conversationEvents,
  ...flowEvents,
  ...identityEvents,
  ...notificationEvents,
  ...assetEvents,
  ...telephonyEvents,
  ...voiceEvents,
] as unknown as readonly EventDefinition[];

/** Every operation there is. */
export const allOperations: readonly OperationDefinition[] = [
  ...Object.values(identityOperations),
  ...Object.values(conversationOperations),
  ...Object.values(channelOperations),
  ...Object.values(flowOperations),
  ...Object.values(notificationOperations),
  ...Object.values(assetOperations),
  ...Object.values(telephonyOperations),
] as unknown as readonly OperationDefinition[];

/** The service that owns a domain. */
export const domainOwners = {
  channel: 'channel-gateway',
  conversation: 'conversation',
  flow: 'flow-engine',
  identity: 'identity',
  notification: 'notifications',
  asset: 'assets',
  telephony: 'telephony',
  voice: 'voice-agent',
} as const;

/** Processes that answer for their health; the voice agent has two kinds. */
export const processNames: readonly string[] = [...Object.values(domainOwners), 'audio-bridge'];

/** A domain: the first word of an event's or operation's name. */
export type Domain = keyof typeof domainOwners;

/** Every domain. */
export const domains = Object.keys(domainOwners) as Domain[];

/** The operations a domain owns. */
export function operationsOf(domain: string): OperationDefinition[] {
  return allOperations.filter((operation) => domainOf(operation.name) === domain);
}

/** An event's declaration by name. */
export function eventByName(name: string): EventDefinition | undefined {
  return allEvents.find((event) => event.name === name);
}
