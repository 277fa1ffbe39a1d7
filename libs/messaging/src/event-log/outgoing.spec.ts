import type { JsMsg } from '@nats-io/jetstream';
import { messagePosted } from '@parley/contracts';
import { decode } from '../runner/decoding.ts';
import { toOutgoing } from './outgoing.ts';

const row = {
  ...{ outboxId: 1, eventId: 'evt_1', spaceId: 'space_one', name: messagePosted.name, key: 'conv_1' },
  ...{ sequence: 1, traceparent: null, occurredAt: new Date(), entry: null },
};

function subjectOf(data: unknown): string {
  return toOutgoing({ ...row, data }, 'conversation')?.subject ?? '';
}

test('a restricted event is found by no filter for its space, and read by services as one of it', () => {
  expect(subjectOf({ text: 'hello' })).toBe('conversation.message_posted.space_one.conv_1');
  const subject = subjectOf({ text: 'hello', audience: ['acc_ada', 'acc_bea'] });
  expect(subject).toBe('conversation.message_posted.space_one-restricted.conv_1');
  const message = { subject: `${subject}.3`, seq: 7 } as unknown as JsMsg;
  expect(decode(message, new Map())).toMatchObject({ spaceId: 'space_one', key: 'conv_1', position: 7 });
});
