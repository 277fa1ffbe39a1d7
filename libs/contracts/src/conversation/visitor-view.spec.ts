import { conversationEvents } from './events.ts';
import type { Message } from './types.ts';
import { eventForVisitor, messageForVisitor } from './visitor-view.ts';

const at = '2026-01-01T00:00:00.000Z';
const secret = 'SECRET';
const message: Message = {
  id: 'msg_1',
  conversationId: 'conv_1',
  sequence: 2,
  author: { type: 'account', accountId: 'acc_secret', name: 'Ann' },
  parts: [{ type: 'text', text: 'Hello', format: 'plain' }],
  citations: [],
  replyTo: null,
  internal: false,
  status: 'failed',
  statusReason: secret,
  speech: null,
  reactions: [
    { emoji: '👍', accountId: 'acc_secret' },
    { emoji: '🎉', contactId: 'cont_1' },
  ],
  editedAt: null,
  createdAt: at,
  updatedAt: at,
  metadata: { secret },
};
const member = {
  ...{ id: 'part_1', accountId: 'acc_secret', contactId: null, agentId: null },
  ...{ name: secret, role: 'member', autoRespond: false },
};
const agent = { ...member, id: 'part_2', agentId: 'agent_1', name: 'Pia', autoRespond: true };
const contact = { ...member, id: 'part_3', accountId: null, contactId: 'cont_1', name: 'Visitor' };

/** Events with everything in them that a visitor may not see. */
const events: Record<string, Record<string, unknown>> = {
  'conversation.created': {
    ...{ roomId: 'room_1', contactId: 'cont_1', owner: 'flow', subject: secret },
    participants: [member, agent, contact, { ...agent, role: 'observer', name: secret }],
    target: { flowId: secret },
    agentIds: [secret],
    origin: { channelId: 'chan_1', deploymentType: 'WEB', senderId: secret },
  },
  'conversation.message_posted': {
    ...{ message, owner: 'human', contactId: 'cont_1', inReplyTo: secret, attempt: 1, wakes: true },
    heard: [{ messageId: 'msg_0', spoken: secret }],
    ...{ target: null, agentIds: [secret] },
    origin: { channelId: null, deploymentType: null, senderId: null },
  },
  'conversation.message_changed': { message, change: 'edited' },
  'conversation.message_status_changed': { messageId: 'msg_1', status: 'failed', statusReason: secret },
  'conversation.participant_joined': { participant: agent },
  'conversation.participant_left': { participant: agent },
  'conversation.participant_changed': { participant: agent },
  'conversation.owner_changed': {
    ...{ owner: 'human', assignee: 'acc_secret', by: message.author, reason: secret, handoff: true },
  },
  'conversation.status_changed': { status: 'closed', noted: secret },
  'conversation.read': { readSequence: 2, accountId: 'acc_secret', contactId: null },
  'conversation.contact_erased': { noted: secret },
  'conversation.deleted': { noted: secret },
};

/** Events of contacts are no part of a conversation's history. */
const inConversations = conversationEvents.filter((event) => 'sequence' in event);

describe("A visitor's view", () => {
  it.each(inConversations.map((event) => [event.name, event] as const))(
    'of %s holds nothing internal, and is an event still',
    (name, definition) => {
      const data = { conversationId: 'conv_1', sequence: 2, ...events[name] };
      const seen = eventForVisitor(name, data);
      expect(JSON.stringify(seen)).not.toMatch(/secret/i);
      expect(seen).toMatchObject({ conversationId: 'conv_1', sequence: 2 });
      definition.data.parse(seen);
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ['conversation.message_posted', { message: { ...message, internal: true } }],
    ['conversation.message_changed', { message: { ...message, internal: true }, change: 'edited' }],
    ['conversation.participant_joined', { participant: member }],
    ['conversation.participant_left', { participant: { ...agent, role: 'observer' } }],
    ['conversation.noted', { text: secret }],
    ['constructor', {}],
  ])('has no %s that is internal or unknown', (name, data) => {
    expect(eventForVisitor(name, { conversationId: 'conv_1', sequence: 2, ...data })).toBeNull();
  });

  it('names members, but neither keys nor ids of accounts', () => {
    expect(messageForVisitor(message)?.author).toEqual({
      ...{ type: 'account', name: 'Ann', accountId: null, contactId: null, agentId: null },
    });
    const byKey = { ...message, author: { type: 'account' as const, accountId: null, name: 'Billing key' } };
    expect(messageForVisitor(byKey)?.author.name).toBe('');
  });

  it('has no words that were replaced', () => {
    const speech = { generated: 'Old', spoken: 'Old', interruptedAtMs: null, startedAt: at, endedAt: at };
    const quote = { documentId: 'doc_1', title: 'T', passageId: 'p', quote: 'Old quote' };
    expect(messageForVisitor({ ...message, speech, editedAt: at })?.speech).toBeNull();
    expect(messageForVisitor({ ...message, speech })?.speech).toEqual(speech);
    expect(messageForVisitor({ ...message, parts: [], citations: [quote] })?.citations).toEqual([]);
  });
});
