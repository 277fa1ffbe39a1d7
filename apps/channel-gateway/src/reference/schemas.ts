import { anchor, escape, prose } from './html.ts';

/** What is read of a JSON Schema. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  format?: string;
  pattern?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: Schema | boolean;
}

/** The components a reference may name. */
export type Schemas = Readonly<Record<string, Schema>>;

const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1);

/** A schema as a nested table; named ones are links to their own entry. */
export function schemaHtml(schema: Schema): string {
  const { properties, items, required = [] } = schema;
  if (properties) {
    const rows = Object.entries(properties).map(([name, field]) => {
      const must = required.includes(name) ? ' <span class="must">required</span>' : '';
      return `<tr><th scope="row"><code>${escape(name)}</code>${must}</th><td>${typeHtml(field)}${notes(field)}${inner(field)}</td></tr>`;
    });
    return `<table><tbody>${rows.join('')}</tbody></table>`;
  }
  if (items && (items.properties || variantsOf(items).length > 0))
    return `<p>A list of:</p>${schemaHtml(items)}`;
  const variants = variantsOf(schema);
  if (variants.length > 0)
    return `<p>One of:</p><ul class="variants">${variants.map((one) => `<li>${one.properties ? schemaHtml(one) : typeHtml(one)}</li>`).join('')}</ul>`;
  return `<p>${typeHtml(schema)}${notes(schema)}</p>`;
}

function variantsOf({ anyOf, oneOf, allOf }: Schema): Schema[] {
  return anyOf ?? oneOf ?? allOf ?? [];
}

function inner(field: Schema): string {
  const target = field.items ?? field;
  const isDeep = target.properties !== undefined || variantsOf(target).some((one) => one.properties);
  return isDeep ? `<details><summary>Fields</summary>${schemaHtml(target)}</details>` : '';
}

/** The type in one line. */
export function typeHtml(schema: Schema): string {
  if (schema.$ref) {
    const name = nameOf(schema.$ref);
    return `<a href="#${anchor('schema', name)}">${escape(name)}</a>`;
  }
  if (schema.const !== undefined) return `<code>${escape(JSON.stringify(schema.const))}</code>`;
  if (schema.enum) return schema.enum.map((one) => `<code>${escape(JSON.stringify(one))}</code>`).join(' · ');
  if (schema.type === 'array') return `list of ${typeHtml(schema.items ?? {})}`;
  const variants = variantsOf(schema);
  if (variants.length > 0) return variants.map(typeHtml).join(' or ');
  const { type = 'any', format } = schema;
  return `<span class="kind">${escape([type].flat().join(' or '))}${format ? ` (${escape(format)})` : ''}</span>`;
}

function notes(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength } = schema;
  const range = (from: number | undefined, to: number | undefined, unit: string): string[] => {
    if (from === undefined && (to === undefined || to >= Number.MAX_SAFE_INTEGER)) return [];
    return [`${from ?? 0}–${to === undefined || to >= Number.MAX_SAFE_INTEGER ? '…' : to}${unit}`];
  };
  const found = [
    ...range(minLength, maxLength, ' characters'),
    ...(minimum === Number.MIN_SAFE_INTEGER ? [] : range(minimum, maximum, '')),
    ...(schema.default === undefined ? [] : [`default ${JSON.stringify(schema.default)}`]),
  ];
  const text = found.length > 0 ? ` <span class="note">${escape(found.join(', '))}</span>` : '';
  return `${text}${schema.description ? `<div>${prose(schema.description)}</div>` : ''}`;
}

/** An example of what a schema takes: what must be there, and nothing deeper than eight levels. */
export function exampleOf(schema: Schema, schemas: Schemas, depth = 0): unknown {
  if (depth > 8) return null;
  if (schema.$ref) return exampleOf(schemas[nameOf(schema.$ref)] ?? {}, schemas, depth + 1);
  const known = knownValue(schema);
  if (known !== undefined) return known;
  const [variant] = variantsOf(schema);
  if (variant) return exampleOf(variant, schemas, depth + 1);
  const { properties, required = [] } = schema;
  if (properties) {
    const names = required.length > 0 ? required : Object.keys(properties).slice(0, 1);
    return Object.fromEntries(
      names.map((name) => [name, exampleOf(properties[name] ?? {}, schemas, depth + 1)]),
    );
  }
  return schema.type === 'array' ? [exampleOf(schema.items ?? {}, schemas, depth + 1)] : plain(schema);
}

function knownValue({ examples, default: usual, const: only, enum: choices }: Schema): unknown {
  return [examples?.[0], usual, only, choices?.[0]].find((value) => value !== undefined);
}

function plain({ type, format, pattern, minimum }: Schema): unknown {
  const [first] = [type].flat();
  if (first === 'integer' || first === 'number') return Math.max(0, minimum ?? 1);
  if (first === 'boolean') return true;
  if (first === 'object') return {};
  if (first === 'null') return null;
  const formats: Record<string, string> = {
    email: 'ada@example.com',
    uri: 'https://example.com',
    'date-time': '2026-01-01T12:00:00.000Z',
  };
  return formats[format ?? ''] ?? (pattern?.startsWith('^[a-z]+_') ? 'id_…' : '…');
}
