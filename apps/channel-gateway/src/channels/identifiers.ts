import { badRequest, type DeploymentType, unprocessable } from '@parley/contracts';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** @throws ProblemError 400 for a number of a phone channel that no country has */
export function requirePossible(type: DeploymentType, identifier: string): void {
  if (type !== 'CALLS' && type !== 'SMS') return;
  if (parsePhoneNumberFromString(identifier)?.isPossible() === true) return;
  throw badRequest('The channelIdentifier is not a phone number that can be called.', [
    { pointer: '/channelIdentifier', detail: 'has no country code in use, or too few or too many digits' },
  ]);
}

/** @throws ProblemError 422 for a MOBILE channel whose package is another one than its identifier */
export function requireSamePackage(type: DeploymentType, identifier: string, configuration: unknown): void {
  if (type !== 'MOBILE') return;
  const { packageName } = configuration as { packageName?: unknown };
  if (packageName === identifier) return;
  throw unprocessable('A MOBILE channel is identified by the package of its app.', 'package_mismatch', [
    { pointer: '/configuration/packageName', detail: `is not the channelIdentifier ${identifier}` },
  ]);
}
