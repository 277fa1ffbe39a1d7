import { handoffRequested } from '@parley/contracts';
import type { NotificationKind } from '../kind.ts';

/** Handoff: a flow or an API request asks for a member. */
export const handoffKind: NotificationKind = {
  event: handoffRequested.name,
  defaultRule: {
    name: 'A flow asks for a person',
    media: ['inbox', 'email'],
    roles: ['owner', 'admin', 'agent'],
  },
  recipients: (members) => members,
  textFor: ({ contactName }, { reason }) => ({
    title: `${contactName ?? 'A conversation'} needs a person`,
    body: reason ?? 'A person is asked for.',
  }),
};
