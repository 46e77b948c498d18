import type { Destination, UpdateDestinationRequest } from '@timer-platform/callback-types';
import { request } from '../../api/http.ts';

/** Queries that a change of a destination makes old. */
export const CHANGED_PATHS = ['/destinations', '/stats', '/timers', '/actions'] as const;

const pathOf = (name: string) => `/destinations/${encodeURIComponent(name)}`;

export function pauseDestination(name: string, note: string | null): Promise<Destination> {
  return request('POST', `${pathOf(name)}/pause`, { body: note === null || note === '' ? {} : { note } });
}

export function resumeDestination(name: string): Promise<Destination> {
  return request('POST', `${pathOf(name)}/resume`, { body: {} });
}

export function updateDestination(name: string, limits: UpdateDestinationRequest): Promise<Destination> {
  return request('PATCH', pathOf(name), { body: limits });
}
