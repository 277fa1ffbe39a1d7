type Schemas = Record<string, unknown>;

const PLACE = '#/components/schemas/';
const NAME = 'JsonValue';

/**
 * Free JSON is drawn anew wherever it is declared; here the copies become one component, `JsonValue`.
 * @returns the document without the copies; the one given stays as it is
 */
export function mergeJsonValues<Document extends { components?: object | undefined }>(
  document: Document,
): Document {
  const { schemas = {} } = (document.components ?? {}) as { schemas?: Schemas };
  const copies = Object.entries(schemas).filter(([name, schema]) => isJsonValue(name, schema));
  let text = JSON.stringify(document);
  for (const [name] of copies) text = text.replaceAll(`"${PLACE}${name}"`, `"${PLACE}${NAME}"`);
  const merged = JSON.parse(text) as Document & { components: { schemas: Schemas } };
  for (const [name] of copies) delete merged.components.schemas[name];
  if (copies.length > 0) merged.components.schemas[NAME] = jsonValue;
  merged.components.schemas = Object.fromEntries(
    Object.entries(merged.components.schemas).sort(([left], [right]) => (left < right ? -1 : 1)),
  );
  return merged;
}

const self = { $ref: `${PLACE}${NAME}` };
const jsonValue = {
  description: 'Any JSON value.',
  anyOf: [
    { type: 'string' },
    { type: 'number' },
    { type: 'boolean' },
    { type: 'null' },
    { type: 'array', items: self },
    { type: 'object', additionalProperties: self },
  ],
};

function isJsonValue(name: string, schema: unknown): boolean {
  if (!name.includes('__schema')) return false;
  const { anyOf } = schema as { anyOf?: { type?: string }[] };
  return (anyOf ?? []).map((one) => one.type).join() === 'string,number,boolean,null,array,object';
}
