import { Liquid } from 'liquidjs';

/** A template is rendered in the event loop: its cost is bounded. */
const limits = { ownPropertyOnly: true, renderLimit: 50, memoryLimit: 100_000, parseLimit: 20_000 };
/** Tags that read other templates: they would read files of this machine. */
const FILE_TAGS = ['include', 'render', 'layout', 'block'];

function engine(options: { strictFilters: boolean }): Liquid {
  // An empty set of templates: nothing is ever looked up in the file system.
  const liquid = new Liquid({ ...limits, ...options, templates: {} });
  for (const tag of FILE_TAGS) delete liquid.tags[tag];
  return liquid;
}

/** Versions that were published before filters were checked skip unknown ones. */
const renderer = engine({ strictFilters: false });
const checker = engine({ strictFilters: true });

/**
 * Fills the variables of a run into a Liquid template.
 * @throws when the template is broken or costs more than its limits
 */
export function renderTemplate(template: string, variables: Record<string, unknown>): string {
  return renderer.parseAndRenderSync(template, { variables }) as string;
}

/** What is wrong with a Liquid template: its syntax, an unknown tag or filter; null when nothing is. */
export function templateProblem(template: string): string | null {
  try {
    checker.parse(template);
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `is no Liquid template that can be filled in: ${reason}`;
  }
}
