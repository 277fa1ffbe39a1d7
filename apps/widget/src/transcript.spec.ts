import type { Message } from '@parley/contracts';
import { Transcript } from './transcript.ts';

function message(id: string, sequence: number, text: string, from: 'contact' | 'agent' = 'agent'): Message {
  return {
    id,
    conversationId: 'conv_1',
    sequence,
    author: { type: from, name: from === 'agent' ? 'Pia' : 'Visitor' },
    parts: [{ type: 'text', text, format: 'plain' }],
    citations: [],
    replyTo: null,
    internal: false,
    status: 'accepted',
    statusReason: null,
    reactions: [],
    editedAt: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    metadata: {},
  } as unknown as Message;
}

const texts = (transcript: Transcript): string[] => transcript.all().map(({ text }) => text);

describe('Transcript', () => {
  it('shows an answer while it is written, and the message in its place', () => {
    const transcript = new Transcript();
    transcript.delta({ messageId: 'msg_1', attempt: 1, offset: 0, text: 'Yes' });
    transcript.delta({ messageId: 'msg_1', attempt: 1, offset: 3, text: ', it is' });
    expect(texts(transcript)).toEqual(['Yes, it is']);
    transcript.put(message('msg_1', 4, 'Yes, it is.'));
    transcript.delta({ messageId: 'msg_1', attempt: 1, offset: 10, text: ' late' });
    expect(texts(transcript)).toEqual(['Yes, it is.']);
  });

  it('keeps what it has over a gap or a repeat, and drops pieces of an older attempt', () => {
    const transcript = new Transcript();
    transcript.delta({ messageId: 'msg_1', attempt: 2, offset: 0, text: 'abc' });
    for (const piece of [
      { attempt: 2, offset: 5, text: 'gap' },
      { attempt: 2, offset: 0, text: 'abc' },
      { attempt: 1, offset: 3, text: 'old' },
    ])
      expect(transcript.delta({ messageId: 'msg_1', ...piece })).toBe(false);
    expect(texts(transcript)).toEqual(['abc']);
  });

  it('replaces the text by that of a higher attempt, also when its beginning was missed', () => {
    const transcript = new Transcript();
    transcript.delta({ messageId: 'msg_1', attempt: 1, offset: 0, text: 'wrong' });
    transcript.delta({ messageId: 'msg_1', attempt: 2, offset: 0, text: 'right' });
    expect(texts(transcript)).toEqual(['right']);
    transcript.delta({ messageId: 'msg_1', attempt: 3, offset: 7, text: 'middle' });
    expect(texts(transcript)).toEqual([]);
    expect(transcript.streaming()).toBe(false);
  });

  it('takes away what was being written when a person takes over', () => {
    const transcript = new Transcript();
    transcript.put(message('msg_1', 1, 'Hello'));
    transcript.delta({ messageId: 'msg_2', attempt: 1, offset: 0, text: 'It is' });
    transcript.dropStreaming();
    expect(texts(transcript)).toEqual(['Hello']);
  });

  it('shows an own post once, whichever is heard first: its event or its answer', () => {
    const stored = message('msg_1', 1, 'Hello', 'contact');
    for (const order of ['event', 'answer']) {
      const transcript = new Transcript();
      transcript.sending('post', 'Hello');
      if (order === 'event') transcript.put(stored);
      transcript.posted('post', stored);
      if (order === 'answer') transcript.put(stored);
      expect(transcript.all().map(({ id }) => id)).toEqual(['msg_1']);
    }
  });

  it('puts another conversation below the one before', () => {
    const transcript = new Transcript();
    transcript.put(message('msg_1', 7, 'first'));
    transcript.another();
    transcript.put(message('msg_2', 2, 'second'));
    expect(texts(transcript)).toEqual(['first', 'second']);
  });

  it('keeps nothing of a deleted conversation but what is on its way', () => {
    const transcript = new Transcript();
    transcript.put(message('msg_1', 7, 'earlier'));
    transcript.another();
    transcript.put(message('msg_2', 2, 'deleted'));
    transcript.sending('post', 'on its way');
    transcript.forget();
    expect(texts(transcript)).toEqual(['earlier', 'on its way']);
  });

  it('puts a remark of its own behind what is stored, and before what comes', () => {
    const transcript = new Transcript();
    transcript.put(message('msg_1', 4, 'before'));
    transcript.note('call', 'Voice call, 0:42', null);
    transcript.put(message('msg_2', 5, 'after'));
    expect(texts(transcript)).toEqual(['before', 'Voice call, 0:42', 'after']);
  });

  it('says of a spoken answer whether the visitor cut in', () => {
    const transcript = new Transcript();
    const spoken = { generated: 'Yes, it is.', spoken: 'Yes', startedAt: '', endedAt: '' };
    transcript.put({ ...message('msg_1', 1, 'Yes.'), speech: { ...spoken, interruptedAtMs: null } });
    transcript.put({ ...message('msg_2', 2, 'Yes, it is.'), speech: { ...spoken, interruptedAtMs: 0 } });
    expect(transcript.all().map(({ cut }) => cut)).toEqual([false, true]);
  });
});
