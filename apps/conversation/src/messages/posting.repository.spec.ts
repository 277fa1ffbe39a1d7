import { newId } from '@parley/contracts';
import { expectSqlSnapshot } from '@parley/database';
import { EventLog } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { PostingRepository } from './posting.repository.ts';

const repository = new PostingRepository(new EventLog({ afterCommit: () => undefined } as never));
const post = {
  spaceId: 'space_one',
  conversationId: 'conv_one',
  id: newId('msg'),
  author: { type: 'account' as const, accountId: 'acc_ada', name: 'Ada' },
  parts: [{ type: 'text' as const, text: 'Hello', format: 'plain' as const }],
  replyTo: null,
  internal: false,
  metadata: {},
  visitor: null,
  reader: { accountId: 'acc_ada' },
  assignable: true,
};

test("a member's message is one statement", async () => {
  await expectSqlSnapshot<Tables>((trx) => repository.post(trx, post));
});

test("a visitor's answer to a message is one statement, narrowed to its own conversations", async () => {
  const visitor = { contactId: 'cont_ann', channelId: 'chan_web', senderId: 'vis_ann' };
  await expectSqlSnapshot<Tables>((trx) => repository.post(trx, { ...post, visitor, replyTo: newId('msg') }));
});
