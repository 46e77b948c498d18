import { queryOptions, useQuery } from '@tanstack/react-query';
import { ApiProblem } from './api-problem.ts';
import { requestConsole } from './http.ts';

/** Who is logged in. */
export interface Session {
  /** Name of the API key. */
  readonly name: string;
  readonly role: 'read' | 'write' | 'admin';
  readonly expires_at: string;
  readonly mode: 'production' | 'development';
  /** Whether the service has the inspector of callbacks. */
  readonly inspector: boolean;
  readonly version: string;
}

/** The session, or null when nobody is logged in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await requestConsole<Session>('GET', 'api/session', { signal });
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
  retry: false,
});

export function login(apiKey: string): Promise<unknown> {
  return requestConsole('POST', 'api/session', { body: { api_key: apiKey } });
}

export function logout(): Promise<unknown> {
  return requestConsole('DELETE', 'api/session');
}

/** What the role of the session allows; the service decides, this is about what to offer. */
export interface Permissions {
  /** Create and change timers and schedules. */
  readonly write: boolean;
  /** Bulk changes, destinations, undo. */
  readonly admin: boolean;
}

function permissionsOf(session: Session | null | undefined): Permissions {
  return {
    write: session?.role === 'write' || session?.role === 'admin',
    admin: session?.role === 'admin',
  };
}

export function useSession(): Session | null {
  return useQuery(sessionQuery).data ?? null;
}

export function usePermissions(): Permissions {
  return permissionsOf(useSession());
}
