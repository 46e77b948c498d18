import { useQuery } from '@tanstack/react-query';
import type { SchedulePreview } from '@timer-platform/callback-types';
import { useState } from 'react';
import { ApiProblem } from '../api/api-problem.ts';
import { request } from '../api/http.ts';
import { now } from '../lib/clock.ts';
import { useDebounced } from '../lib/use-debounced.ts';
import type { Problems } from './problems.ts';
import type { TimingRequest } from './schedule-form.ts';

/** The occurrences that a timing would have. */
export interface Preview {
  /** Undefined before the first answer. */
  readonly data: { readonly preview: SchedulePreview; readonly from: number } | undefined;
  /** What the service finds wrong with the timing. */
  readonly problems: Problems;
  /** An error that is not about the timing. */
  readonly error: Error | null;
  /** The data is of an earlier timing. */
  readonly isStale: boolean;
}

const TYPING_MS = 300;
const COUNT = 10;

/**
 * Asks the service for the next ten occurrences of a timing, when it has not changed for a moment.
 * @param timing undefined: nothing to ask
 * @param from RFC 3339; undefined: from now on
 * @param version asks again when it is another one
 */
export function useSchedulePreview(
  timing: TimingRequest | undefined,
  { from, version }: { readonly from?: string | undefined; readonly version?: string | null } = {},
): Preview {
  const text = JSON.stringify(timing === undefined ? null : { ...timing, count: COUNT, from });
  const settled = useDebounced(text, TYPING_MS);
  const query = useQuery({
    queryKey: ['schedules', 'preview', settled, version],
    enabled: settled !== 'null',
    queryFn: async ({ signal }) => {
      const asked = from === undefined ? now() : Date.parse(from);
      const body: unknown = JSON.parse(settled);
      return {
        preview: await request<SchedulePreview>('POST', '/schedules/preview', { body, signal }),
        from: asked,
      };
    },
  });
  // Also after an error: what was typed last is often only half of what it will be.
  const [last, setLast] = useState(query.data);
  if (query.data !== undefined && query.data !== last) setLast(query.data);
  const refused = query.error instanceof ApiProblem && query.error.status === 400 ? query.error : undefined;
  return {
    data: query.data ?? last,
    problems: text === settled ? (refused?.issues ?? []) : [],
    error: refused === undefined ? query.error : null,
    isStale: text !== settled || query.data === undefined,
  };
}
