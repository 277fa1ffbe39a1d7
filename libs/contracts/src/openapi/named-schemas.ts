import { z } from 'zod';
import { EmptyOutput } from '../core/common.ts';
import type { OperationDefinition } from '../core/operation.ts';
import { pathParameters } from '../core/operation.ts';

/** `conversation.add_participant` → `ConversationAddParticipant`. */
export function pascalCase(name: string): string {
  return name
    .split(/[._]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

const Empty = EmptyOutput.meta({ id: 'Empty' });

/** Gives bodies and lists a name, so that they stand once among the components. */
export class NamedSchemas {
  private readonly lists = new Map<z.ZodType, z.ZodType>();

  /** The answer of an operation; lists of a named schema are named after it. */
  output(operation: OperationDefinition): z.ZodType {
    const { output } = operation;
    if (output === EmptyOutput) return Empty;
    if (idOf(output)) return output;
    const item = itemOf(output);
    const itemId = item && idOf(item);
    if (!item || !itemId) return output.meta({ id: `${pascalCase(operation.name)}Response` });
    const known = this.lists.get(item);
    if (known) return known;
    const list = output.meta({ id: `${itemId}List` });
    this.lists.set(item, list);
    return list;
  }

  /** The fields of the path, and what remains for query or body. */
  input(operation: OperationDefinition): { path: z.ZodObject; rest: z.ZodObject } {
    const names = new Set(pathParameters(operation.http?.path ?? ''));
    const fields = Object.entries(operation.input.shape);
    return {
      path: z.object(Object.fromEntries(fields.filter(([name]) => names.has(name)))),
      rest: z.strictObject(Object.fromEntries(fields.filter(([name]) => !names.has(name)))),
    };
  }
}

function idOf(schema: z.ZodType): string | undefined {
  return schema.meta()?.id;
}

/** The element of `{data: [...], nextCursor}`. */
function itemOf(schema: z.ZodType): z.ZodType | null {
  if (!(schema instanceof z.ZodObject) || !('nextCursor' in schema.shape)) return null;
  const { data } = schema.shape as Record<string, z.ZodType>;
  return data instanceof z.ZodArray ? (data.element as z.ZodType) : null;
}
