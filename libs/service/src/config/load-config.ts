import type { z } from 'zod';

import { baseConfig } from './base-config.ts';
import type { ServiceConfig } from './base-config.ts';

/** A bad environment: `problems` names each variable once, and never carries a value. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(service: string, problems: readonly string[]) {
    super(
      `${service} cannot start, its environment needs a change:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** One schema out of the base and a service's own: what `loadConfig` parses, and what manifests are checked against. */
export function serviceSchema<Shape extends z.ZodRawShape>(own: z.ZodObject<Shape>) {
  return baseConfig.extend(own.shape);
}

/**
 * Reads and checks a service's environment. An empty variable counts as missing. Unknown variables are left out.
 * @throws {ConfigError} that names every bad or missing variable at once
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  service: string,
  own: z.ZodObject<Shape>,
  environment: NodeJS.ProcessEnv = process.env,
): ServiceConfig<Shape> {
  return parseEnvironment(service, serviceSchema(own), environment) as ServiceConfig<Shape>;
}

/** The same for a schema that stands alone, as a migration's does. */
export function parseEnvironment<Schema extends z.ZodObject>(
  service: string,
  schema: Schema,
  environment: NodeJS.ProcessEnv = process.env,
): z.infer<Schema> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(service, problemsOf(schema, parsed.error.issues, given));
}

function problemsOf(
  schema: z.ZodObject,
  issues: readonly z.core.$ZodIssue[],
  given: NodeJS.ProcessEnv,
): string[] {
  const seen = new Map<string, string>();
  for (const issue of issues) {
    const name = String(issue.path[0] ?? 'environment');
    if (seen.has(name)) continue;
    const description = schema.shape[name]?.meta()?.description;
    const problem =
      given[name] === undefined && name !== 'environment'
        ? 'is missing'
        : `must be ${describeExpectation(issue)}`;
    seen.set(name, `${name} ${problem}${description === undefined ? '' : ` (${description})`}`);
  }
  return [...seen.values()];
}

// Zod's own message may repeat the value (an enum's does not, a union's may), so it is put in words of ours.
function describeExpectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `a ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `at least ${issue.minimum}${issue.origin === 'string' ? ' character(s) long' : ''}`;
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters long' : ''}`;
    case 'invalid_format':
      return `of the form ${issue.format}`;
    default:
      return issue.message;
  }
}
