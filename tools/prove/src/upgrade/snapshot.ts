import type { Api, Json, JsonValue } from './http-api.ts';

/** Everything a space shows, by kind and id. */
export type Snapshot = Map<string, Map<string, Json>>;

const lists = [
  'members',
  'api-keys',
  'service-accounts',
  'contacts',
  'rooms',
  'conversations',
  'channels',
  'agents',
  'flows',
  'knowledge-bases',
  'notification-rules',
  'notifications',
  'notification-deliveries',
  'assets',
  'folders',
  'runs',
  'phone-numbers',
  'calls',
];

/** What may differ because work goes on: times of change, places in lists, the state of what was in flight. */
const volatile = new Set([
  'updatedAt',
  'lastUsedAt',
  'lastMessage',
  'lastSequence',
  'unread',
  'status',
  'statusReason',
  'attempts',
  'expiresAt',
]);

/** Reads everything of a space. @param api of an owner */
export async function takeSnapshot(api: Api, spaceId: string): Promise<Snapshot> {
  const space = `/spaces/${spaceId}`;
  const found: Snapshot = new Map();
  for (const list of lists) {
    const items = await api.list(`${space}/${list}`);
    found.set(list, byId(items));
  }
  for (const id of idsOf(found, 'conversations')) {
    const at = `${space}/conversations/${id}`;
    found.set(`messages of ${id}`, byId(await api.listSequence(`${at}/messages`)));
    found.set(`events of ${id}`, byId(await api.listSequence(`${at}/events`)));
  }
  for (const id of idsOf(found, 'flows'))
    found.set(`versions of ${id}`, byId(await api.list(`${space}/flows/${id}/versions`)));
  for (const id of idsOf(found, 'knowledge-bases'))
    found.set(`documents of ${id}`, byId(await api.list(`${space}/knowledge-bases/${id}/documents`)));
  return found;
}

/** So many things a snapshot holds. */
export function sizeOf(snapshot: Snapshot): number {
  return [...snapshot.values()].reduce((sum, items) => sum + items.size, 0);
}

/**
 * What of a snapshot is missing or has another value in a later one; new things and new fields are none.
 * @param changed ids and paths that are expected to differ
 */
export function differences(before: Snapshot, after: Snapshot, changed: (what: string) => boolean): string[] {
  const found: string[] = [];
  for (const [kind, items] of before) {
    for (const [id, item] of items) {
      const now = after.get(kind)?.get(id);
      if (!now) found.push(`${kind} ${id} is missing`);
      else compare(item, now, `${kind} ${id}`, found);
    }
  }
  return found.filter((line) => !changed(line));
}

function compare(before: JsonValue, after: JsonValue, path: string, found: string[]): void {
  if (Array.isArray(before) && Array.isArray(after)) {
    if (before.length > after.length)
      found.push(`${path} has ${after.length} entries instead of ${before.length}`);
    before.forEach((item, index) => compare(item, after[index], `${path}[${index}]`, found));
  } else if (isObject(before) && isObject(after)) {
    for (const [name, value] of Object.entries(before))
      if (!volatile.has(name)) compare(value, after[name], `${path}.${name}`, found);
  } else if (!same(before, after)) {
    found.push(`${path} is ${short(after)} instead of ${short(before)}`);
  }
}

/** A field that was empty may be absent. */
function same(before: JsonValue, after: JsonValue): boolean {
  return before === after || (before === null && after === undefined);
}

function isObject(value: JsonValue): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const short = (value: JsonValue): string => (JSON.stringify(value) ?? 'absent').slice(0, 120);

function byId(items: readonly Json[]): Map<string, Json> {
  return new Map(
    items.map((item, index) => [String(item['id'] ?? item['accountId'] ?? item['number'] ?? index), item]),
  );
}

function idsOf(snapshot: Snapshot, kind: string): string[] {
  return [...(snapshot.get(kind)?.keys() ?? [])];
}
