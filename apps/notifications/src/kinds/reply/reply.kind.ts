import { messagePosted } from '@parley/contracts';
import type { NotificationKind } from '../kind.ts';

/** Reply: a contact writes in a conversation that members handle. */
export const replyKind: NotificationKind = {
  event: messagePosted.name,
  defaultRule: {
    name: 'A contact writes to the person in charge',
    media: ['inbox', 'email'],
    roles: ['owner', 'admin', 'agent'],
  },
  recipients: (members, { responsibleAccountIds: inCharge }) =>
    members.filter((member) => inCharge.includes(member.account_id)),
  textFor: ({ contactName }) => ({
    title: `New message from ${contactName ?? 'a contact'}`,
    body: 'There is a new message in a conversation that you are in charge of.',
  }),
};
