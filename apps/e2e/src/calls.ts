import { setTimeout as sleep } from 'node:timers/promises';
import { allOperations, type OperationDefinition, pathParameters } from '@parley/contracts';
import { z } from 'zod';

/** Every operation that outsiders reach. */
export const overHttp = allOperations.filter(({ http, permission }) => http && permission !== 'internal');

/** What came back over HTTP. */
export interface Answer {
  status: number;
  type: string;
  text: string;
}

/** Sends; whoever is told to wait a little, waits and sends again. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  for (let left = 20; ; left -= 1) {
    const response = await fetch(url, init);
    const text = await response.text();
    const { status, headers } = response;
    const seconds = Number(headers.get('retry-after') ?? 1);
    if (status !== 429 || seconds > 2 || left === 0)
      return { status, type: headers.get('content-type') ?? '', text };
    await sleep(seconds * 1000);
  }
}

/** An operation's address; a path parameter without id names nothing that exists. */
export function urlOf(
  baseUrl: string,
  { http }: OperationDefinition,
  ids: Readonly<Record<string, string | undefined>>,
): string {
  const path = (http?.path ?? '').replaceAll(
    /:([A-Za-z]+)/g,
    (_all, name: string) => ids[name] ?? `${name.replace(/Id$/, '').toLowerCase()}_missing`,
  );
  return `${baseUrl}/api/v1${path}`;
}

/** Whether an operation's fields travel in the body. */
export function hasBody({ http }: OperationDefinition): boolean {
  return http !== undefined && !['GET', 'DELETE'].includes(http.method);
}

/** Small inputs that fit an operation's declaration, without its path parameters: what is required, and one field more. */
export function inputsFor(operation: OperationDefinition): Record<string, unknown>[] {
  const schema = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const inPath = pathParameters(operation.http?.path ?? '');
  const path = Object.fromEntries(inPath.map((name) => [name, 'some_id']));
  const names = Object.keys(schema.properties ?? {}).filter((name) => !inPath.includes(name));
  const isRequired = (name: string): boolean => schema.required?.includes(name) === true;
  const found: Record<string, unknown>[] = [];
  for (let choice = 0; choice < CHOICES && found.length === 0; choice += 1) {
    const pick = (name: string): [string, unknown] => [
      name,
      sample(schema.properties?.[name] ?? {}, schema, choice),
    ];
    const required = names.filter(isRequired).map(pick);
    const more = names.filter((name) => !isRequired(name)).map((name) => [pick(name)]);
    const candidates = [[], ...more].map((fields) => Object.fromEntries([...required, ...fields]));
    found.push(...candidates.filter((one) => operation.input.safeParse({ ...path, ...one }).success));
  }
  return found;
}

/** The smallest of them. */
export function inputFor(operation: OperationDefinition): Record<string, unknown> {
  const [smallest] = inputsFor(operation);
  if (!smallest) throw new Error(`No input was found for ${operation.name}.`);
  return smallest;
}

/** Calls an operation; fields travel where the declaration puts them. */
export async function call(
  baseUrl: string,
  operation: OperationDefinition,
  of: { token: string | null; ids: Readonly<Record<string, string | undefined>>; fields?: object },
): Promise<Answer> {
  const { token, ids, fields = inputFor(operation) } = of;
  const url = new URL(urlOf(baseUrl, operation, ids));
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const method = operation.http?.method ?? 'GET';
  if (hasBody(operation)) {
    const init = { method, headers: { ...headers, 'content-type': 'application/json' } };
    return send(url.href, { ...init, body: JSON.stringify(fields) });
  }
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, String(value));
  return send(url.href, { method, headers });
}

/** Alternatives that are tried where a declaration has several. */
const CHOICES = 8;

interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string;
  format?: string;
  pattern?: string;
  const?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  minItems?: number;
  minLength?: number;
  minimum?: number;
}

const formats: Readonly<Record<string, string>> = {
  email: 'nobody@example.com',
  uri: 'https://example.com/',
  'date-time': '2040-01-01T00:00:00Z',
};

function sample(schema: JsonSchema, root: JsonSchema, choice: number): unknown {
  const choices = schema.anyOf ?? schema.oneOf ?? [];
  const chosen = schema.$ref
    ? root.$defs?.[schema.$ref.split('/').at(-1) ?? '']
    : choices[choice % choices.length];
  if (chosen) return sample(chosen, root, choice);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.examples) return schema.examples[0];
  const make = makers[schema.type ?? ''];
  return make ? make(schema, (of) => sample(of, root, choice)) : 0;
}

/** A short text of a pattern: an id where that will do, else digits, a media type or a telephone number. */
function fitting(pattern: string): string {
  const texts = ['some_id', '1', 'text/plain', '+12125550123'];
  return texts.find((text) => new RegExp(pattern).test(text)) ?? 'some_id';
}

type Maker = (schema: JsonSchema, inner: (of: JsonSchema) => unknown) => unknown;

const makers: Readonly<Record<string, Maker>> = {
  string: ({ format = '', pattern = '', minLength = 0 }) =>
    formats[format] ?? fitting(pattern).padEnd(minLength, 'x'),
  boolean: () => true,
  array: ({ minItems = 0, items = {} }, inner) => Array.from({ length: minItems }, () => inner(items)),
  number: ({ minimum = 0 }) => minimum,
  integer: ({ minimum = 0 }) => minimum,
  object: ({ properties = {}, required = [] }, inner) => {
    const named = Object.entries(properties).filter(([name]) => required.includes(name));
    return Object.fromEntries(named.map(([name, of]) => [name, inner(of)]));
  },
};

/** Items of a list that are tried until one has what a path names below it. */
const MOST_TRIED = 5;

/** Ids of things that are there in a space, for each path parameter: found in the list that lies above it. */
export async function idsIn(
  baseUrl: string,
  of: { token: string; spaceId: string },
): Promise<(operation: OperationDefinition) => Promise<Record<string, string>>> {
  const lists = new Map(
    overHttp.filter(({ http }) => http?.method === 'GET').map((one) => [one.http?.path ?? '', one]),
  );
  const known = new Map<string, Promise<Record<string, string>[]>>();
  const itemsOf = (path: string, ids: Record<string, string>): Promise<Record<string, string>[]> => {
    const operation = lists.get(path);
    if (!operation) return Promise.resolve([]);
    const url = urlOf(baseUrl, operation, ids);
    const items =
      known.get(url) ??
      call(baseUrl, operation, { token: of.token, ids, fields: {} }).then(
        ({ text }) => (JSON.parse(text) as { data?: Record<string, string>[] }).data ?? [],
      );
    known.set(url, items);
    return items;
  };
  /** Names what can be named: the first item that has all the rest below it, else the first. */
  const resolve = async (
    path: string,
    [name, ...rest]: string[],
    ids: Record<string, string>,
  ): Promise<Record<string, string>> => {
    if (name === undefined) return ids;
    const items = await itemsOf(path.split(`/:${name}`)[0] ?? '', ids);
    const found = items.flatMap((item) => item[name] ?? item['id'] ?? []);
    let first: Record<string, string> | undefined;
    for (const id of found.slice(0, MOST_TRIED)) {
      const named = await resolve(path, rest, { ...ids, [name]: id });
      if (rest.every((one) => one in named)) return named;
      first ??= named;
    }
    return first ?? resolve(path, rest, ids);
  };
  return async ({ http }) => {
    const path = http?.path ?? '';
    return resolve(path, pathParameters(path).slice(1), { spaceId: of.spaceId });
  };
}
