import type { FastifyInstance } from 'fastify';

/** The methods that a path has routes for, to tell a wrong method from a wrong path. */
export interface RouteMethods {
  /** Methods of the routes that match this path (no query), sorted; empty when there is none. */
  methodsOf(path: string): string[];
}

/** Follows the routes that are added to a server from now on. */
export function trackRoutes(app: FastifyInstance): RouteMethods {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set<string>();
    for (const name of [method].flat()) known.add(name);
    methods.set(url, known);
  });
  const matches = (pattern: string, path: string): boolean => {
    const segments = path.split('/');
    const wanted = pattern.split('/');
    return (
      wanted.length === segments.length &&
      wanted.every((segment, index) =>
        segment.startsWith(':') ? segments[index] !== '' : segment === segments[index],
      )
    );
  };
  return {
    methodsOf: (path) => {
      const matching = [...methods].filter(([pattern]) => matches(pattern, path));
      return [...new Set(matching.flatMap(([, names]) => [...names]))].sort();
    },
  };
}
