import { allEvents, allOperations, domainOf, streamName } from '@parley/contracts';
import { asyncApiDocument, openApiDocument } from '@parley/contracts/reference';
import { z } from 'zod';

type Json = Record<string, unknown>;

/** Every event with its stream and the schema of its data. */
export function eventLines(): string[] {
  const { messages } = asyncApiDocument().components;
  return allEvents
    .map(({ name }) => {
      const message = Object.values(messages).find((one) => one['name'] === name);
      return `${name} in ${streamName(domainOf(name))}: ${referenced((message as { payload: Json }).payload)}`;
    })
    .sort();
}

/** Every operation with its HTTP route and the fields that it takes. */
export function operationLines(): string[] {
  return allOperations
    .map(({ name, http, input, output }) => {
      const route = http ? `${http.method} ${http.path}` : 'internal';
      const answer =
        http || !(output instanceof z.ZodObject) ? '' : ` → ${Object.keys(output.shape).join(' ')}`;
      return `${name} (${route}): ${Object.keys(input.shape).join(' ')}${answer}`;
    })
    .sort();
}

/** Every named schema of events, sockets and the HTTP API with its fields; `a.b` is a field of an object without a name. */
export function schemaLines(document: 'asyncapi' | 'openapi'): string[] {
  const { schemas } = (document === 'asyncapi' ? asyncApiDocument() : openApiDocument())['components'] as {
    schemas: Record<string, Json>;
  };
  return Object.entries(schemas)
    .map(([name, schema]) => `${name}: ${[...new Set(fieldsOf(schema))].join(' ')}`)
    .sort();
}

function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, items, additionalProperties, anyOf, oneOf, allOf } = schema as Record<string, unknown>;
  const variants = [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const own = Object.entries((properties ?? {}) as Json).flatMap(([name, field]) => {
    const inner = fieldsOf(field);
    return inner.length > 0 ? inner.map((one) => `${name}.${one}`) : [name];
  });
  return [...own, ...[items, additionalProperties, ...variants].flatMap(fieldsOf)];
}

function referenced(schema: Json): string {
  return String(schema['$ref'] ?? 'inline').replace(/^.*\//, '');
}
