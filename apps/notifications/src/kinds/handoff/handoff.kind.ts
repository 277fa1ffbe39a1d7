import { handoffRequested } from '@parley/contracts';
import type { NotificationKind } from '../kind.ts';

/** A flow, or an API call, asks for a person. */
export const handoffKind: NotificationKind = {
  event: handoffRequested.name,
  defaultRule: {
    name: 'A flow asks for a person',
    media: ['inbox', 'email'],
    roles: ['owner', 'admin', 'agent'],
  },
  recipients: (members) => members,
  wording: ({ contactName }, { reason }) => ({
    title: `${contactName ?? 'A conversation'} needs a person`,
    body: reason ?? 'A person is asked for.',
  }),
};
