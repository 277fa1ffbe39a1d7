import { z } from 'zod';

type Json = Record<string, unknown>;

const PLACE = '#/components/schemas/';

/** Collects payload schemas as JSON Schema draft 7; what has a name of its own stands once among the components. */
export class Payloads {
  readonly schemas: Json = {};

  /** Adds a schema under a name. @returns the reference to it */
  add(name: string, schema: z.ZodType, io: 'input' | 'output' = 'output'): { $ref: string } {
    const { definitions = {}, ...root } = z.toJSONSchema(schema, {
      target: 'draft-7',
      io,
      unrepresentable: 'any',
    }) as Json & { definitions?: Json };
    delete root['$schema'];
    const rename = (found: string): string => (found.startsWith('__schema') ? `${name}${found}` : found);
    const place = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value).replaceAll(
          /"#\/definitions\/([^"]+)"/g,
          (_all, found: string) => `"${PLACE}${rename(found)}"`,
        ),
      );
    for (const [found, definition] of Object.entries(definitions)) {
      const { $id: _id, id: _own, ...rest } = definition as Json;
      this.schemas[rename(found)] = place(rest);
    }
    const { $id: _id, id: _own, ...rest } = root;
    this.schemas[name] = place(rest);
    return { $ref: `${PLACE}${name}` };
  }
}
