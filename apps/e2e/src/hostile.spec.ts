import { getDocument, type OperationDefinition, pathParameters } from '@parley/contracts';
import { until } from '@parley/testing';
import { type Answer, call, hasBody, idsIn, inputFor, overHttp, send, urlOf } from './calls.ts';
import { readDemo } from './demo.ts';
import { openSpace, type OwnSpace } from './people.ts';
import { populate } from './populate.ts';
import { faultOf } from './problems.ts';

const withBody = overHttp.filter(hasBody);
const reading = overHttp.filter(({ http }) => http?.method === 'GET');

/** Values that no field, or hardly one, is made for. */
const oddities: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  'x',
  "'; DROP TABLE message; --",
  '\u202E\u{1F600}',
  'x'.repeat(40_000),
  [],
  [null],
  [[[]]],
  {},
  { a: { b: [] } },
];
const MIB = 1024 * 1024;
const json = { 'content-type': 'application/json' };
const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

/** Bodies that no operation may take; each with what it is answered. */
const bodies: readonly [what: string, status: number, body: Uint8Array<ArrayBuffer>, headers: typeof json][] =
  [
    ['bad JSON', 400, bytes('{"name":'), json],
    ['bad UTF-8', 400, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), json],
    ['10,000 levels', 400, bytes(`{"name":${'['.repeat(10_000)}${']'.repeat(10_000)}}`), json],
    ['an array', 400, bytes('[]'), json],
    ['a key of the prototype', 400, bytes('{"__proto__":{"admin":true}}'), json],
    ['a constructor', 400, bytes('{"constructor":{"prototype":{"admin":true}}}'), json],
    ['a NUL', 400, bytes('{"name":"a\\u0000b"}'), json],
    ['half of a pair', 400, bytes('{"name":"a\\ud800b"}'), json],
    ['an infinite number', 400, bytes('{"sequence":1e999,"limit":1e999}'), json],
    ['another media type', 415, bytes('name=x'), { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a media type that only begins right', 415, bytes('{}'), { 'content-type': 'application/jsonx' }],
    ['ten megabytes', 413, new Uint8Array(10 * MIB).fill(0x20), json],
  ];

describe('Every operation, asked by somebody who means no good', () => {
  const { baseUrl } = readDemo();
  let space: OwnSpace;
  let idsOf: (operation: OperationDefinition) => Promise<Record<string, string>>;
  let token = '';

  /** Everything that lists of the space show. */
  const everything = async (): Promise<Record<string, string>> => {
    const lists = reading.filter(({ http }) => http?.path.startsWith('/spaces/:spaceId/'));
    const found: Record<string, string> = {};
    for (const operation of lists) {
      const { text } = await call(baseUrl, operation, { token, ids: await idsOf(operation) });
      // Each refusal has an id of its own.
      found[operation.name] = text.replace(/"requestId":"[^"]*"/, '');
    }
    return found;
  };
  const post = async (operation: OperationDefinition, init: RequestInit): Promise<Answer> =>
    send(urlOf(baseUrl, operation, await idsOf(operation)), {
      method: operation.http?.method ?? 'POST',
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });
  const schemaFields = (operation: OperationDefinition): string[] => {
    const inPath = pathParameters(operation.http?.path ?? '');
    return Object.keys(operation.input.shape).filter((name) => !inPath.includes(name));
  };
  const fits = (operation: OperationDefinition, fields: object): boolean => {
    const path = Object.fromEntries(
      pathParameters(operation.http?.path ?? '').map((name) => [name, 'some_id']),
    );
    return operation.input.safeParse({ ...path, ...fields }).success;
  };

  beforeAll(async () => {
    space = await openSpace(baseUrl, 'Hostile');
    token = space.owner.token ?? '';
    await populate(space);
    idsOf = await idsIn(baseUrl, { token, spaceId: space.spaceId });
    await until('the document has been read', async () => {
      const { text } = await call(baseUrl, getDocument, { token, ids: await idsOf(getDocument) });
      return /"status":"(ready|failed)"/.test(text);
    });
  });

  describe('stores nothing of what it refuses', () => {
    let before: Record<string, string> = {};

    beforeAll(async () => {
      before = await everything();
    });
    afterAll(async () => {
      expect(await everything()).toEqual(before);
    });

    it.each(withBody)('$name refuses broken bodies', async (operation) => {
      const faults = await Promise.all(
        bodies.map(async ([what, status, body, headers]) => {
          const answer = await post(operation, { body, headers });
          const fault = faultOf(answer, status);
          return fault && `${what}: ${fault}`;
        }),
      );
      expect(faults.filter(Boolean)).toEqual([]);
    });

    it.each(overHttp)('$name points to unknown fields', async (operation) => {
      const fields = { ...inputFor(operation), colour: 'red' };
      const ids = await idsOf(operation);
      const answer = await call(baseUrl, operation, { token, ids, fields });
      expect(faultOf(answer, 400, '/colour')).toBeNull();
    });

    it.each(withBody)('$name points to fields of a wrong type', async (operation) => {
      const base = inputFor(operation);
      const ids = await idsOf(operation);
      const tries = schemaFields(operation).flatMap((name) =>
        oddities
          .filter((value) => !fits(operation, { ...base, [name]: value }))
          .map((value) => ({ name, fields: { ...base, [name]: value } })),
      );
      const faults = await inTurn(few(operation, tries), async ({ name, fields }) => {
        const answer = await call(baseUrl, operation, { token, ids, fields });
        const fault = faultOf(answer, 400, `/${name}`);
        return fault && `${JSON.stringify(fields).slice(0, 200)}: ${fault}`;
      });
      expect(faults).toEqual([]);
    });

    it.each(reading)('$name refuses what no query can be', async (operation) => {
      const base = inputFor(operation);
      const ids = await idsOf(operation);
      const values = [
        '',
        '-1',
        '0',
        '1e308',
        '9007199254740993',
        'NaN',
        '\u0000',
        "' OR 1=1 --",
        'x'.repeat(3000),
      ];
      const tries = schemaFields(operation).flatMap((name) =>
        values.map((value) => ({ ...base, [name]: value })),
      );
      const faults = await inTurn(tries, async (fields) => {
        const answer = await call(baseUrl, operation, { token, ids, fields });
        const refused = !fits(operation, fields) || Object.values(fields).includes('\u0000');
        const fault = faultOf(answer, refused ? 400 : null);
        return fault && `${JSON.stringify(fields).slice(0, 200)}: ${fault}`;
      });
      expect(faults).toEqual([]);
    });
  });

  it.each(withBody)('$name never fails on what its declaration allows', async (operation) => {
    const base = inputFor(operation);
    const ids = await idsOf(operation);
    const tries = schemaFields(operation).flatMap((name) =>
      oddities.map((value) => ({ ...base, [name]: value })).filter((fields) => fits(operation, fields)),
    );
    const faults = await inTurn(few(operation, tries), async (fields) => {
      const fault = faultOf(await call(baseUrl, operation, { token, ids, fields }), null);
      return fault && `${JSON.stringify(fields).slice(0, 200)}: ${fault}`;
    });
    expect(faults).toEqual([]);
  });
});

/** What is open to everybody is limited by address: only some of the tries, spread over all fields. */
function few<Try>({ permission }: OperationDefinition, tries: readonly Try[]): readonly Try[] {
  if (permission !== 'public') return tries;
  const step = Math.ceil(tries.length / 6);
  return tries.filter((_try, index) => index % step === 0);
}

/** Tries all, a few at once; tells what went wrong. */
async function inTurn<Try>(
  tries: readonly Try[],
  attempt: (one: Try) => Promise<string | null>,
): Promise<string[]> {
  const faults: string[] = [];
  for (let start = 0; start < tries.length; start += 10) {
    const results = await Promise.all(tries.slice(start, start + 10).map(attempt));
    faults.push(...results.filter((fault) => fault !== null));
  }
  return faults.slice(0, 5);
}
