import type { ContactIdentityTable } from '../database.ts';

/** The type of identity by which a deployment type identifies senders. */
export function identityType(deploymentType: string): ContactIdentityTable['type'] {
  if (deploymentType === 'SMS' || deploymentType === 'CALLS') return 'phone';
  if (deploymentType === 'WHATSAPP') return 'whatsapp';
  if (deploymentType === 'MESSENGER') return 'messenger';
  return deploymentType === 'WEB' || deploymentType === 'MOBILE' ? 'visitor' : 'custom';
}
