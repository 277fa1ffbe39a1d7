import type { FastifyInstance } from 'fastify';

/** Longest value of a parameter in a path, in characters. A longer one reaches no route. */
export const MAX_PARAM_LENGTH = 200;

interface Route {
  pattern: RegExp;
  methods: readonly string[];
}

/** The routes of an instance, to tell a wrong method from a path that does not exist. */
export class KnownRoutes {
  private readonly routes: Route[] = [];

  /** @param fastify an instance whose routes are added afterwards */
  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method }) => {
      if (url === '/*') return;
      this.routes.push({ pattern: patternOf(url), methods: [method].flat() });
    });
  }

  /** Methods that a path has, sorted; none where nothing is at the path, or where a parameter is too long for any route. */
  methodsOf(path: string): string[] {
    const found = this.routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    return [...new Set(found)].sort();
  }
}

function patternOf(url: string): RegExp {
  const segments = url.split('/').map((segment) => {
    if (segment.startsWith(':')) return `[^/]{1,${MAX_PARAM_LENGTH}}`;
    return segment === '*' ? '.*' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${segments.join('/')}$`);
}
