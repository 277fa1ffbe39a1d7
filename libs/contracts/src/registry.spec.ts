import type { z } from 'zod';
import {
  createChannel,
  DeploymentChannelRequestSchema,
  domains,
  type OperationDefinition,
  operationsOf,
} from './index.ts';

interface Field {
  path: string;
  name: string;
  /** Whether a service asks it of another, with names that were checked when they were given. */
  isInternal: boolean;
  schema: z.ZodType;
}

interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  innerType?: z.ZodType;
  element?: z.ZodType;
  valueType?: z.ZodType;
  options?: z.ZodType[];
  in?: z.ZodType;
  getter?: () => z.ZodType;
}

/** Every schema within a schema, with the name of the field it stands in. */
function fieldsOf(
  schema: z.ZodType,
  path: string,
  name: string,
  seen = new Set<z.ZodType>(),
): Omit<Field, 'isInternal'>[] {
  if (seen.has(schema)) return [];
  const def = schema.def as unknown as Definition;
  const within = new Set([...seen, schema]);
  const inner = [def.innerType, def.element, def.valueType, def.in, def.getter?.()].filter(
    (one) => one !== undefined,
  );
  return [
    { path, name, schema },
    ...Object.entries(def.shape ?? {}).flatMap(([key, one]) => fieldsOf(one, `${path}/${key}`, key, within)),
    ...[...inner, ...(def.options ?? [])].flatMap((one) => fieldsOf(one, path, name, within)),
  ];
}

const fields = domains
  .flatMap((domain) => operationsOf(domain))
  // Its body is read by the channel's type: `DeploymentChannelRequestSchema`.
  .flatMap((one: OperationDefinition) => {
    const input = one === (createChannel as OperationDefinition) ? DeploymentChannelRequestSchema : one.input;
    const isInternal = one.permission === 'internal';
    return fieldsOf(input, one.name, '').map((field) => ({ ...field, isInternal }));
  });
const typeOf = ({ schema }: Field): string => (schema.def as unknown as Definition).type;
const pathsOf = (found: readonly Field[]): string[] => [...new Set(found.map(({ path }) => path))];

/** The largest value of a column of type integer; others, such as sequences and sizes, are bigint. */
const INT4 = 2_147_483_647;
const bigintFields = new Set(['afterSequence', 'beforeSequence', 'deadline', 'sequence', 'size']);

describe('Inputs of operations', () => {
  it('bound every integer by what its column holds', () => {
    const integers = fields.filter(
      (field) => typeOf(field) === 'number' && field.schema.safeParse(1.5).success === false,
    );
    expect(integers.length).toBeGreaterThan(30);
    const bad = integers.filter(({ schema, name }) => {
      const most = bigintFields.has(name) ? Number.MAX_SAFE_INTEGER : INT4;
      return schema.safeParse(most + 1).success || schema.safeParse(-most - 2).success;
    });
    expect(pathsOf(bad)).toEqual([]);
  });

  it.each([
    ['a line break', 'a\nb'],
    ['U+0000', 'a\u0000b'],
    ['U+0085', 'a\u0085b'],
    ['a bidirectional override', 'invoice\u202Efdp.exe'],
    ['a bidirectional isolate', 'a\u2066b'],
    ['a line separator', 'a\u2028b'],
    ['nothing that can be seen', '\u200B\u200D'],
  ])('refuse %s in short texts for people', (_what, text) => {
    // What another system gives is cleaned, not refused; invisible names are no harm there.
    const isCleaned = ({ schema }: Field): boolean => schema.safeParse('a\nb').data === 'a b';
    const names = fields.filter(
      (field) =>
        !field.isInternal &&
        /^(?:name|channelName|fileName|title|subject|labels)$/.test(field.name) &&
        typeOf(field) === 'string',
    );
    expect(pathsOf(names).length).toBeGreaterThan(20);
    const bad = names.filter((field) => !isCleaned(field) && field.schema.safeParse(text).success);
    expect(pathsOf(bad)).toEqual([]);
  });

  it('take names in every script, with marks, joiners and emoji', () => {
    const names = fields.filter((field) => field.name === 'name' && field.path.endsWith('create_space/name'));
    expect(names.length).toBeGreaterThan(0);
    for (const text of [
      'Zoë Müller',
      'مرحبا\u200F',
      'שלום',
      'नमस्ते',
      '👩‍💻 Team',
      'क्\u200Dष',
      '日本語',
      "O'Neil & Søn",
    ])
      expect(names.at(-1)?.schema.safeParse(text).success).toBe(true);
  });
});
