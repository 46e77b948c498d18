import { useQuery } from '@tanstack/react-query';
import type { OccurrenceListResponse, ScheduleSummary } from '@timer-platform/callback-types';
import { apiQuery } from '../../api/queries.ts';
import { Instant } from '../../components/instant.tsx';
import { Badge, StatusBadge } from '../../components/status-badge.tsx';
import { SKIP_TEXTS } from '../../forms/schedule-options.ts';
import { lastOutcomeOf } from './last-outcome-of.ts';
import { useSeen } from './use-seen.ts';

/** The list does not have it, so it is read for rows that are seen, and not too often. */
const STALE_MS = 20_000;

/** How the last occurrence of a schedule went. */
export function LastOutcome({ schedule }: { readonly schedule: ScheduleSummary }) {
  const [ref, seen] = useSeen();
  const path = `/schedules/${encodeURIComponent(schedule.key)}/occurrences`;
  const query = useQuery({
    ...apiQuery<OccurrenceListResponse['data']>(path, { limit: 5 }),
    enabled: seen,
    staleTime: STALE_MS,
  });
  const last = query.data === undefined ? undefined : lastOutcomeOf(query.data.occurrences);
  return (
    <span ref={ref}>
      {last === undefined ? (
        <span className="muted">{query.data !== undefined ? '–' : '…'}</span>
      ) : last.type === 'skip' ? (
        <span title={SKIP_TEXTS[last.reason]}>
          <Badge tone="warn" sign="⤼">
            skipped
          </Badge>{' '}
          <Instant at={last.until} relative="only" />
        </span>
      ) : (
        <span title={last.last_error ?? undefined}>
          <StatusBadge status={last.status} />{' '}
          <Instant at={last.executed_at ?? last.execute_at} relative="only" />
        </span>
      )}
    </span>
  );
}
