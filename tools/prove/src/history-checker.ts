import type { Expectations, HistoryRecord, RecordOf } from './history.ts';

/** A kind of fault. */
export type FaultKind =
  | 'lost'
  | 'doubled'
  | 'reordered'
  | 'sequence'
  | 'unanswered'
  | 'answered twice'
  | 'undelivered'
  | 'delivered twice'
  | 'invented'
  | 'seen twice'
  | 'seen out of order'
  | 'not seen';

/** What is wrong with a history. */
export interface Fault {
  kind: FaultKind;
  /** What it is about. */
  about: string;
}

/** What a checker found. */
export interface Findings {
  accepted: number;
  stored: number;
  answers: number;
  deliveries: number;
  seen: number;
  conversations: number;
  faults: Fault[];
}

type Stored = RecordOf<'stored'>;

/** Checks a history: nothing lost, doubled, reordered or answered but once. Knows nothing of how it came about. */
export function checkHistory(records: readonly HistoryRecord[], expected: Expectations): Findings {
  const accepted = of(records, 'accepted');
  const stored = of(records, 'stored');
  const delivered = of(records, 'delivered');
  const seen = of(records, 'seen');
  const posts = stored.filter(({ token }) => token !== null);
  const answers = stored.filter(({ author, replyTo }) => author === 'agent' && replyTo !== null);
  const faults = [
    ...checkPosts(accepted, posts),
    ...checkOrder(accepted, posts),
    ...checkSequences(stored),
    ...(expected.answered ? checkAnswers(posts, answers) : []),
    ...(expected.delivered ? checkDeliveries(accepted, delivered) : []),
    ...checkSeen(stored, seen),
  ];
  return {
    accepted: accepted.length,
    stored: posts.length,
    answers: answers.length,
    deliveries: new Set(delivered.map(({ webhookId }) => webhookId)).size,
    seen: seen.length,
    conversations: new Set(stored.map(({ conversationId }) => conversationId)).size,
    faults,
  };
}

function checkPosts(accepted: readonly RecordOf<'accepted'>[], posts: readonly Stored[]): Fault[] {
  const times = countBy(posts, ({ token }) => token ?? '');
  return accepted.flatMap(({ token }): Fault[] => {
    const count = times.get(token) ?? 0;
    if (count === 0) return [{ kind: 'lost', about: token }];
    return count > 1 ? [{ kind: 'doubled', about: `${token}: ${count} times` }] : [];
  });
}

/** What a poster sent after another of its posts was accepted stands behind it, within a conversation. */
function checkOrder(accepted: readonly RecordOf<'accepted'>[], posts: readonly Stored[]): Fault[] {
  const byToken = new Map(accepted.map((one) => [one.token, one]));
  const last = new Map<string, { place: number; token: string }>();
  const faults: Fault[] = [];
  for (const post of [...posts].sort((a, b) => a.sequence - b.sequence)) {
    const sent = byToken.get(post.token ?? '');
    if (!sent) continue;
    const line = `${post.conversationId} ${sent.poster}`;
    const before = last.get(line);
    if (before && before.place > sent.place)
      faults.push({ kind: 'reordered', about: `${sent.token} behind ${before.token}` });
    if (!before || before.place < sent.place) last.set(line, sent);
  }
  return faults;
}

/** No two messages of a conversation share a sequence. */
function checkSequences(stored: readonly Stored[]): Fault[] {
  const times = countBy(stored, ({ conversationId, sequence }) => `${conversationId} ${sequence}`);
  return [...times].flatMap(([about, count]): Fault[] => (count > 1 ? [{ kind: 'sequence', about }] : []));
}

function checkAnswers(posts: readonly Stored[], answers: readonly Stored[]): Fault[] {
  const times = countBy(answers, ({ replyTo }) => replyTo ?? '');
  const known = new Set(posts.map(({ messageId }) => messageId));
  return [
    ...posts.flatMap(({ messageId, token }): Fault[] => {
      const count = times.get(messageId) ?? 0;
      if (count === 0) return [{ kind: 'unanswered', about: token ?? '' }];
      return count > 1 ? [{ kind: 'answered twice', about: `${token}: ${count} times` }] : [];
    }),
    ...answers
      .filter(({ replyTo }) => !known.has(replyTo ?? ''))
      .map(({ messageId }): Fault => ({ kind: 'invented', about: messageId })),
  ];
}

/** A delivery may come several times under its webhook id; two webhook ids are two answers. */
function checkDeliveries(
  accepted: readonly RecordOf<'accepted'>[],
  delivered: readonly RecordOf<'delivered'>[],
): Fault[] {
  const ids = new Map<string, Set<string>>();
  for (const { inReplyTo, webhookId } of delivered) {
    if (inReplyTo === null) continue;
    ids.set(inReplyTo, (ids.get(inReplyTo) ?? new Set()).add(webhookId));
  }
  return accepted.flatMap(({ token }): Fault[] => {
    const count = ids.get(token)?.size ?? 0;
    if (count === 0) return [{ kind: 'undelivered', about: token }];
    return count > 1 ? [{ kind: 'delivered twice', about: `${token}: ${count} times` }] : [];
  });
}

/** Each viewer sees all messages of its conversations, each once, in order. */
function checkSeen(stored: readonly Stored[], seen: readonly RecordOf<'seen'>[]): Fault[] {
  const faults: Fault[] = [];
  const views = new Map<string, RecordOf<'seen'>[]>();
  for (const one of seen) push(views, `${one.viewer} ${one.conversationId}`, one);
  const inConversation = new Map<string, Stored[]>();
  for (const one of stored) push(inConversation, one.conversationId, one);
  for (const [view, list] of views) faults.push(...checkView(view, list, inConversation));
  return faults;
}

function checkView(
  view: string,
  list: readonly RecordOf<'seen'>[],
  inConversation: ReadonlyMap<string, Stored[]>,
): Fault[] {
  const faults: Fault[] = [];
  const known = new Set<string>();
  let last = 0;
  for (const { messageId, sequence } of list) {
    if (known.has(messageId)) faults.push({ kind: 'seen twice', about: `${view}: ${messageId}` });
    else if (sequence <= last)
      faults.push({ kind: 'seen out of order', about: `${view}: ${sequence} behind ${last}` });
    known.add(messageId);
    last = Math.max(last, sequence);
  }
  const all = inConversation.get(list[0]?.conversationId ?? '') ?? [];
  return [
    ...faults,
    ...all
      .filter(({ messageId }) => !known.has(messageId))
      .map(({ messageId }): Fault => ({ kind: 'not seen', about: `${view}: ${messageId}` })),
  ];
}

function of<Type extends HistoryRecord['type']>(
  records: readonly HistoryRecord[],
  type: Type,
): RecordOf<Type>[] {
  return records.filter((record): record is RecordOf<Type> => record.type === type);
}

function push<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
