import fc from 'fast-check';
import type { HistoryRecord, RecordOf } from './history.ts';
import { checkHistory, type FaultKind } from './history-checker.ts';

const expected = { answered: true, delivered: true, seen: true };

/** A history as it should be: `posters` take turns in `conversations`, each post answered, delivered and seen. */
function sound(posters: number, conversations: number, posts: number): HistoryRecord[] {
  const records: HistoryRecord[] = [];
  const sequences = new Map<string, number>();
  const next = (conversationId: string): number => {
    if (!sequences.has(conversationId)) records.push({ type: 'entry', conversationId, sequence: 1 });
    const sequence = (sequences.get(conversationId) ?? 1) + 1;
    sequences.set(conversationId, sequence);
    records.push({ type: 'entry', conversationId, sequence });
    return sequence;
  };
  for (let index = 0; index < posts; index += 1) {
    const poster = `poster${index % posters}`;
    const conversationId = `conv${(index * 7) % conversations}`;
    const token = `${poster}-${Math.floor(index / posters)}`;
    const post = { conversationId, messageId: `msg-${token}` };
    const answer = { conversationId, messageId: `answer-${token}` };
    const postAt = next(conversationId);
    const answerAt = next(conversationId);
    records.push(
      { type: 'posted', token },
      { type: 'accepted', poster, place: Math.floor(index / posters), token },
      { type: 'stored', ...post, sequence: postAt, author: 'contact', token, replyTo: null },
      {
        type: 'stored',
        ...answer,
        sequence: answerAt,
        author: 'agent',
        token: null,
        replyTo: post.messageId,
      },
      { type: 'delivered', webhookId: `wh-${token}`, messageId: answer.messageId, inReplyTo: token },
      { type: 'seen', viewer: 'ann', ...post, sequence: postAt },
      { type: 'seen', viewer: 'ann', ...answer, sequence: answerAt },
    );
  }
  return records;
}

const kindsOf = (records: readonly HistoryRecord[]): FaultKind[] => [
  ...new Set(checkHistory(records, expected).faults.map(({ kind }) => kind)),
];

describe('the checker of histories', () => {
  const history = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 8, max: 60 }))
    .map(([posters, conversations, posts]) => sound(posters, conversations, posts));

  /** Breaks one record of a kind, wherever it stands, and expects a kind of fault. */
  function seeded(
    type: HistoryRecord['type'],
    kind: FaultKind,
    change: (records: HistoryRecord[], at: number) => void,
    fits: (record: HistoryRecord) => boolean = () => true,
  ): void {
    fc.assert(
      fc.property(history, fc.nat(), (records, pick) => {
        const places = records.flatMap((one, at) => (one.type === type && fits(one) ? [at] : []));
        const at = places[pick % places.length] ?? 0;
        change(records, at);
        expect(kindsOf(records)).toContain(kind);
      }),
    );
  }
  const isPost = (record: HistoryRecord): boolean => record.type === 'stored' && record.author === 'contact';
  const isAnswer = (record: HistoryRecord): boolean => record.type === 'stored' && record.author === 'agent';
  const remove = (records: HistoryRecord[], at: number): void => void records.splice(at, 1);
  const again = (records: HistoryRecord[], at: number): void => {
    const record = records[at];
    if (record) records.push({ ...record, ...('messageId' in record ? { messageId: 'another' } : {}) });
  };

  it('finds nothing wrong with what is right', () => {
    fc.assert(fc.property(history, (records) => expect(kindsOf(records)).toEqual([])));
  });

  it('counts a delivery that is repeated under its id once', () => {
    const records = sound(2, 2, 10);
    expect(kindsOf([...records, ...records.filter(({ type }) => type === 'delivered')])).toEqual([]);
  });

  it('finds a post that was lost, and one that was stored twice', () => {
    seeded('stored', 'lost', remove, isPost);
    seeded('stored', 'doubled', again, isPost);
  });

  it('finds two posts of a poster that changed places', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (posts, pick) => {
        const records = sound(1, 1, posts);
        const stored = records.filter((one) => one.type === 'stored' && one.author === 'contact');
        const first = stored[pick % (stored.length - 1)];
        const second = stored[(pick % (stored.length - 1)) + 1];
        if (first?.type !== 'stored' || second?.type !== 'stored') return;
        [first.sequence, second.sequence] = [second.sequence, first.sequence];
        expect(kindsOf(records)).toContain('reordered');
      }),
    );
  });

  it('finds a missing and a second answer, and one to nothing', () => {
    seeded('stored', 'unanswered', remove, isAnswer);
    seeded('stored', 'answered twice', again, isAnswer);
    seeded(
      'stored',
      'invented',
      (records, at) => Object.assign(records[at] ?? {}, { replyTo: 'msg-nobody' }),
      isAnswer,
    );
  });

  it('finds a delivery that is missing, or came under two ids', () => {
    seeded('delivered', 'undelivered', remove);
    seeded('delivered', 'delivered twice', (records, at) => {
      const record = records[at];
      if (record?.type === 'delivered') records.push({ ...record, webhookId: 'another' });
    });
  });

  it('finds a delivery that names another message, or arrives too late', () => {
    seeded('delivered', 'misnamed', (records, at) =>
      Object.assign(records[at] ?? {}, { inReplyTo: 'nobody' }),
    );
    seeded('delivered', 'misnamed', (records, at) =>
      Object.assign(records[at] ?? {}, { messageId: 'nobody' }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (posts, pick) => {
        const records = sound(1, 1, posts);
        const places = records.flatMap((one, at) => (one.type === 'delivered' ? [at] : []));
        const [late] = records.splice(places[pick % (posts - 1)] ?? 0, 1);
        expect(kindsOf([...records, late as HistoryRecord])).toEqual(['delivered out of order']);
      }),
    );
  });

  it('finds an answer in another conversation, and a post that nobody began', () => {
    const records = sound(1, 2, 10);
    const answer = records.find(isAnswer) as RecordOf<'stored'>;
    const other = records.find(
      (one) => isPost(one) && (one as RecordOf<'stored'>).conversationId !== answer.conversationId,
    ) as RecordOf<'stored'>;
    answer.replyTo = other.messageId;
    expect(kindsOf(records)).toContain('misnamed');
    seeded('posted', 'invented', remove);
  });

  it('finds a gap in a history, an entry read twice, and a message without an entry', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (posts, pick) => {
        const records = sound(1, 1, posts);
        const places = records.flatMap((one, at) => (one.type === 'entry' ? [at] : []));
        const at = places[pick % places.length] ?? 0;
        expect(kindsOf([...records, records[at] as HistoryRecord])).toEqual(['gap']);
        expect(kindsOf(records.filter((_one, index) => index !== at))).toEqual(['gap']);
      }),
    );
  });

  it('finds a conversation that nobody was told of', () => {
    const records = sound(2, 2, 10).filter((one) => one.type !== 'seen' || one.conversationId !== 'conv0');
    expect(kindsOf(records)).toEqual(['not seen']);
  });

  it('finds a sequence that two messages have', () => {
    seeded('stored', 'sequence', (records, at) => {
      const record = records[at];
      const other = records.find(
        (one) =>
          one.type === 'stored' &&
          one !== record &&
          record?.type === 'stored' &&
          one.conversationId === record.conversationId,
      );
      if (record?.type === 'stored' && other?.type === 'stored') record.sequence = other.sequence;
    });
  });

  it('finds what a viewer saw twice, out of order, or not at all', () => {
    seeded('seen', 'seen twice', (records, at) => void records.push({ ...(records[at] as HistoryRecord) }));
    seeded('seen', 'seen out of order', (records, at) => {
      const record = records[at];
      if (record?.type === 'seen') records.splice(at, 0, { ...record, messageId: 'another' });
    });
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 40 }), fc.nat(), (posts, pick) => {
        const records = sound(1, 1, posts);
        const places = records.flatMap((one, at) => (one.type === 'seen' ? [at] : []));
        records.splice(places[pick % places.length] ?? 0, 1);
        expect(kindsOf(records)).toContain('not seen');
      }),
    );
  });
});
