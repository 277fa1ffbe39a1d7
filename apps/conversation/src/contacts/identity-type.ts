import type { ContactIdentityTable } from '../database.ts';

/** What a channel of a type knows its senders by. */
export function identityType(deploymentType: string): ContactIdentityTable['type'] {
  if (deploymentType === 'SMS' || deploymentType === 'CALLS') return 'phone';
  if (deploymentType === 'WHATSAPP') return 'whatsapp';
  if (deploymentType === 'MESSENGER') return 'messenger';
  return deploymentType === 'WEB' || deploymentType === 'MOBILE' ? 'visitor' : 'custom';
}
