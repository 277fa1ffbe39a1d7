import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';
import { asyncApiDocument, httpOperations, openApiDocument } from '@parley/contracts/reference';
import { descriptions } from './descriptions.ts';

type Json = Record<string, unknown>;
interface Parameter {
  $ref?: string;
  in: string;
  name: string;
}
interface Described {
  operationId: string;
  tags: string[];
  parameters?: Parameter[];
  responses: Json;
}

const methods = ['get', 'post', 'put', 'patch', 'delete'];

function operationsOf(document: Json): { path: string; method: string; operation: Described }[] {
  return Object.entries(document['paths'] as Record<string, Json>).flatMap(([path, item]) =>
    methods
      .filter((method) => method in item)
      .map((method) => ({ path, method, operation: item[method] as Described })),
  );
}

function referencesOf(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
}

function resolve(document: unknown, reference: string): unknown {
  const names = reference.slice(2).split('/');
  return names.reduce<unknown>(
    (value, name) => (value as Json | undefined)?.[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  );
}

describe('The committed descriptions of the API', () => {
  it('are those of the contracts', async () => {
    for (const { path, text } of descriptions()) {
      const committed = await readFile(path, 'utf8');
      // A plain comparison: a diff of the whole documents would help nobody.
      if (committed !== text)
        throw new Error(`${path} differs. Run: node tools/contracts/bin/contracts.mjs --write`);
    }
  });
});

/** Fields without a description below a schema, as `Component.field`; constants need none. */
function undescribed(component: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { properties = {} } = value as { properties?: Record<string, Json> };
  const found = Object.entries(properties)
    .filter(([, field]) => typeof field === 'object' && !('description' in field) && !('const' in field))
    .map(([name]) => `${component}.${name}`);
  return [...found, ...Object.values(value as Json).flatMap((inner) => undescribed(component, inner))];
}

describe('Fields and parameters', () => {
  it.each([
    ['OpenAPI', openApiDocument()],
    ['AsyncAPI', asyncApiDocument()],
  ])(
    'of the %s document are described, in libs/contracts/src/openapi/field-descriptions.ts',
    (_name, made) => {
      const document = JSON.parse(JSON.stringify(made)) as Json;
      const { schemas } = document['components'] as { schemas: Json };
      const parameters = operationsOf({ paths: document['paths'] ?? {} }).flatMap(({ operation }) =>
        (operation.parameters ?? [])
          .filter((parameter) => !parameter.$ref && !('description' in parameter))
          .map(({ name }) => `${operation.operationId}.${name}`),
      );
      const fields = Object.entries(schemas).flatMap(([name, schema]) => undescribed(name, schema));
      expect([...new Set([...parameters, ...fields])]).toEqual([]);
    },
  );
});

describe('The OpenAPI document', () => {
  const document = JSON.parse(JSON.stringify(openApiDocument())) as Json;

  it('holds every operation once, with its path parameters', () => {
    const found = operationsOf(document);
    const ids = found.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name } of httpOperations()) expect(ids).toContain(name.replaceAll('.', '_'));
    for (const { path, operation } of found) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = (operation.parameters ?? []).filter((one) => one.in === 'path').map((one) => one.name);
      expect({ path, declared: declared.sort() }).toEqual({ path, declared: inPath.sort() });
    }
  });

  it('resolves every reference and leaves no schema without a name of its own', () => {
    for (const reference of new Set(referencesOf(document)))
      expect({ reference, found: resolve(document, reference) !== undefined }).toEqual({
        reference,
        found: true,
      });
    const { schemas } = document['components'] as { schemas: Json };
    expect(Object.keys(schemas).filter((name) => name.includes('__schema'))).toEqual([]);
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(['Message', 'Conversation', 'MessageList']));
  });

  it('offers an Idempotency-Key on every POST of an operation', () => {
    const names = new Set(httpOperations().map(({ name }) => name.replaceAll('.', '_')));
    for (const { method, operation } of operationsOf(document)) {
      if (method !== 'post' || !names.has(operation.operationId)) continue;
      expect(referencesOf(operation.parameters)).toContain('#/components/parameters/IdempotencyKey');
    }
  });
});

describe('The AsyncAPI document', () => {
  it('is valid AsyncAPI 3', async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));
    expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
  });
});
