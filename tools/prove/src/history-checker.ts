import type { Expectations, HistoryRecord, RecordOf } from './history.ts';

/** A kind of fault. */
export type FaultKind =
  | 'lost'
  | 'doubled'
  | 'reordered'
  | 'sequence'
  | 'gap'
  | 'unanswered'
  | 'answered twice'
  | 'undelivered'
  | 'delivered twice'
  | 'delivered out of order'
  | 'invented'
  | 'misnamed'
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
    ...checkOrigin(of(records, 'posted'), posts),
    ...checkOrder(accepted, posts),
    ...checkSequences(stored),
    ...checkGaps(of(records, 'entry'), stored),
    ...(expected.answered ? checkAnswers(posts, answers) : []),
    ...(expected.delivered ? checkDeliveries(posts, delivered) : []),
    ...checkDelivered(stored, delivered),
    ...checkSeen(stored, seen),
    ...(expected.seen ? checkFollowed(stored, seen) : []),
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

function checkOrigin(posted: readonly RecordOf<'posted'>[], posts: readonly Stored[]): Fault[] {
  const known = new Set(posted.map(({ token }) => token));
  return posts
    .filter(({ token }) => !known.has(token ?? ''))
    .map(({ token }): Fault => ({ kind: 'invented', about: token ?? '' }));
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

/** A conversation's history is read back as 1, 2, 3 …, and each of its messages has a place there. */
function checkGaps(entries: readonly RecordOf<'entry'>[], stored: readonly Stored[]): Fault[] {
  const last = new Map<string, number>();
  const faults: Fault[] = [];
  for (const { conversationId, sequence } of entries) {
    const before = last.get(conversationId) ?? 0;
    if (sequence !== before + 1)
      faults.push({ kind: 'gap', about: `${conversationId}: ${sequence} behind ${before}` });
    last.set(conversationId, sequence);
  }
  const places = new Set(entries.map(({ conversationId, sequence }) => `${conversationId} ${sequence}`));
  return [
    ...faults,
    ...stored
      .map(({ conversationId, sequence }) => `${conversationId} ${sequence}`)
      .filter((place) => !places.has(place))
      .map((about): Fault => ({ kind: 'gap', about: `${about}: a message without an entry` })),
  ];
}

function checkAnswers(posts: readonly Stored[], answers: readonly Stored[]): Fault[] {
  const times = countBy(answers, ({ replyTo }) => replyTo ?? '');
  const known = new Map(posts.map(({ messageId, conversationId }) => [messageId, conversationId]));
  return [
    ...posts.flatMap(({ messageId, token }): Fault[] => {
      const count = times.get(messageId) ?? 0;
      if (count === 0) return [{ kind: 'unanswered', about: token ?? '' }];
      return count > 1 ? [{ kind: 'answered twice', about: `${token}: ${count} times` }] : [];
    }),
    ...answers
      .filter(({ replyTo }) => !known.has(replyTo ?? ''))
      .map(({ messageId }): Fault => ({ kind: 'invented', about: messageId })),
    ...answers
      .filter(
        ({ replyTo, conversationId }) => (known.get(replyTo ?? '') ?? conversationId) !== conversationId,
      )
      .map(({ messageId }): Fault => ({ kind: 'misnamed', about: messageId })),
  ];
}

/** A delivery may come several times under its webhook id; two webhook ids are two answers. */
function checkDeliveries(posts: readonly Stored[], delivered: readonly RecordOf<'delivered'>[]): Fault[] {
  const ids = new Map<string, Set<string>>();
  for (const { inReplyTo, webhookId } of delivered) {
    if (inReplyTo === null) continue;
    ids.set(inReplyTo, (ids.get(inReplyTo) ?? new Set()).add(webhookId));
  }
  return [...new Set(posts.map(({ token }) => token ?? ''))].flatMap((token): Fault[] => {
    const count = ids.get(token)?.size ?? 0;
    if (count === 0) return [{ kind: 'undelivered', about: token }];
    return count > 1 ? [{ kind: 'delivered twice', about: `${token}: ${count} times` }] : [];
  });
}

/** What is delivered is a stored message, names what it answers, and first arrives in the order of its conversation. */
function checkDelivered(stored: readonly Stored[], delivered: readonly RecordOf<'delivered'>[]): Fault[] {
  const byId = new Map(stored.map((one) => [one.messageId, one]));
  const last = new Map<string, number>();
  const met = new Set<string>();
  const faults: Fault[] = [];
  for (const { webhookId, messageId, inReplyTo } of delivered) {
    if (met.has(webhookId)) continue;
    met.add(webhookId);
    const message = byId.get(messageId);
    const answered = byId.get(message?.replyTo ?? '')?.token ?? null;
    if (!message || answered !== inReplyTo) faults.push({ kind: 'misnamed', about: `delivery ${webhookId}` });
    if (!message) continue;
    const before = last.get(message.conversationId) ?? 0;
    if (message.sequence <= before)
      faults.push({
        kind: 'delivered out of order',
        about: `${message.conversationId}: ${message.sequence} behind ${before}`,
      });
    last.set(message.conversationId, Math.max(before, message.sequence));
  }
  return faults;
}

/** Nobody stays blind: each conversation has somebody who was told of it. */
function checkFollowed(stored: readonly Stored[], seen: readonly RecordOf<'seen'>[]): Fault[] {
  const followed = new Set(seen.map(({ conversationId }) => conversationId));
  return [...new Set(stored.map(({ conversationId }) => conversationId))]
    .filter((conversationId) => !followed.has(conversationId))
    .map((about): Fault => ({ kind: 'not seen', about }));
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
