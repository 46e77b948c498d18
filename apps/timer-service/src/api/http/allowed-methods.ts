import type { FastifyInstance } from 'fastify';

/** The methods of each path, to distinguish a wrong method from an unknown path. */
export interface RouteMethods {
  /** Returns the sorted methods of the routes that match this path (without query); empty for an unknown path. */
  methodsOf(path: string): string[];
  /** Whether a route begins with the first segment of this path. */
  isBelowRoute(path: string): boolean;
}

/** Records the routes that are added to a server from now on. */
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
    isBelowRoute: (path) => {
      const [, first] = path.split('/');
      return [...methods.keys()].some((pattern) => pattern.split('/')[1] === first);
    },
    methodsOf: (path) => {
      const matching = [...methods].filter(([pattern]) => matches(pattern, path));
      return [...new Set(matching.flatMap(([, names]) => [...names]))].sort();
    },
  };
}
