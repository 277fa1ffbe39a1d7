import { type Message, newId } from '@parley/contracts';

/** One plain text as the parts of a message. */
export function textParts(text: string): Message['parts'] {
  return [{ type: 'text', text, format: 'plain' }];
}

/** A message as it is stored: an agent's without a word, unless changed. */
export function buildMessage(
  change: Partial<Message> & Pick<Message, 'conversationId' | 'sequence'>,
): Message {
  const now = new Date().toISOString();
  return {
    id: newId('msg'),
    author: { type: 'agent', agentId: 'agent_one', name: 'Pia' },
    parts: [],
    citations: [],
    replyTo: null,
    internal: false,
    status: 'accepted',
    statusReason: null,
    speech: null,
    reactions: [],
    editedAt: null,
    createdAt: now,
    updatedAt: now,
    metadata: {},
    ...change,
  };
}
