import { badRequest, type DeploymentType } from '@parley/contracts';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** @throws ProblemError 400 for a number of a phone channel that no country has */
export function requirePossible(type: DeploymentType, identifier: string): void {
  if (type !== 'CALLS' && type !== 'SMS') return;
  if (parsePhoneNumberFromString(identifier)?.isPossible() === true) return;
  throw badRequest('The channelIdentifier is not a phone number that can be called.', [
    { pointer: '/channelIdentifier', detail: 'has no country code in use, or too few or too many digits' },
  ]);
}
