import { z } from 'zod';
import { problemDetails, unprocessable } from './problem.ts';

/** What a JSON Merge Patch (RFC 7396) of a value may hold: any part of it; null removes. */
export type MergePatch<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { [Key in keyof Value]?: MergePatch<Value[Key]> | null | undefined }
    : Value;

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Applies a JSON Merge Patch (RFC 7396): objects are merged at every depth, null removes a field, all else replaces.
 * Fields that are `undefined` count as left out. Pure; neither argument is changed.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else if (value !== undefined) merged.set(key, mergePatch(merged.get(key), value));
  }
  // Defines properties instead of assigning them: "__proto__" stays a key like any other.
  return Object.fromEntries(merged);
}

/**
 * The schema of a JSON Merge Patch of an object: each field, at every depth, may be left out or null. Defaults do not
 * apply, and rules about several fields are left to `applyPatch`.
 */
export function patchOf<Schema extends z.ZodType>(schema: Schema): z.ZodType<MergePatch<z.output<Schema>>> {
  return patchSchema(schema) as unknown as z.ZodType<MergePatch<z.output<Schema>>>;
}

function patchSchema(schema: z.core.$ZodType): z.ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return patchSchema(schema.def.innerType);
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape).map(
      ([key, field]) =>
        [
          key,
          patchSchema(field as z.ZodType)
            .nullable()
            .optional(),
        ] as const,
    );
    return z.strictObject(Object.fromEntries(fields));
  }
  if (schema instanceof z.ZodRecord)
    return z.record(schema.def.keyType as z.ZodString, patchSchema(schema.def.valueType).nullable());
  return schema as z.ZodType;
}

/**
 * Merges a patch into a stored value and checks the whole against its schema.
 *
 * @param pointer where the value lies in the request, as a JSON pointer
 * @returns the merged value; null where the patch is null
 * @throws ProblemError 422 `invalid_patch` with a JSON pointer for each place where the merged value does not fit
 */
export function applyPatch<Schema extends z.ZodType>(
  schema: Schema,
  { current, patch, pointer }: { current: unknown; patch: unknown; pointer: string },
): z.output<Schema> | null {
  if (patch === null) return null;
  const result = schema.safeParse(mergePatch(current, patch));
  if (result.success) return result.data;
  throw unprocessable(
    'The change does not fit what is stored. Send the fields that are missing or wrong along with it.',
    'invalid_patch',
    problemDetails(result.error).map((error) => ({ ...error, pointer: pointer + error.pointer })),
  );
}
