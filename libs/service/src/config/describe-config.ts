import type { z } from 'zod';

/** A table of the variables a schema reads: what `--help-config` prints. */
export function describeConfig(schema: z.ZodObject): string {
  const rows = Object.entries(schema.shape).map(([name, field]) => {
    const type = field as z.ZodType;
    const unset = type.safeParse(undefined);
    const fallback = unset.success && unset.data !== undefined ? `default ${JSON.stringify(unset.data)}` : '';
    const requirement = unset.success ? fallback || 'optional' : 'required';
    return { name, need: requirement, description: type.meta()?.description ?? '' };
  });
  const width = Math.max(...rows.map(({ name }) => name.length));
  const needWidth = Math.max(...rows.map(({ need: requirement }) => requirement.length));
  return rows
    .map((row) => `${row.name.padEnd(width)}  ${row.need.padEnd(needWidth)}  ${row.description}`.trimEnd())
    .join('\n');
}
