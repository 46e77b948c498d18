import { useQuery } from '@tanstack/react-query';
import type { Occurrence, OccurrenceListResponse, ScheduleSummary } from '@timer-platform/callback-types';
import { apiQuery } from '../../api/queries.ts';
import { Instant } from '../../components/instant.tsx';
import { None } from '../../components/none.tsx';
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
  return (
    <span ref={ref}>
      {query.data === undefined ? (
        <span className="muted">…</span>
      ) : (
        <Outcome last={lastOutcomeOf(query.data.occurrences)} />
      )}
    </span>
  );
}

function Outcome({ last }: { readonly last: Occurrence | undefined }) {
  if (last === undefined) return <None />;
  if (last.type === 'skip')
    return (
      <span title={SKIP_TEXTS[last.reason]}>
        <Badge tone="warn" sign="⤼">
          skipped
        </Badge>{' '}
        <Instant at={last.until} relative="only" />
      </span>
    );
  return (
    <span title={last.last_error ?? undefined}>
      <StatusBadge status={last.status} />{' '}
      <Instant at={last.executed_at ?? last.execute_at} relative="only" />
    </span>
  );
}
