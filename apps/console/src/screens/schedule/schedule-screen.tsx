import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { Schedule } from '@timer-platform/callback-types';
import { type Answer, requestWithEtag } from '../../api/http.ts';
import { useRefetchInterval } from '../../api/live.ts';
import { usePermissions } from '../../api/session.ts';
import { Page, Section } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScheduleState } from '../schedules/schedule-state.tsx';
import { EditSchedule } from './edit-schedule.tsx';
import { History } from './history.tsx';
import { NextOccurrences } from './next-occurrences.tsx';
import { PauseNote } from './pause-note.tsx';
import { ScheduleActions } from './schedule-actions.tsx';
import { ScheduleFacts } from './schedule-facts.tsx';
import styles from './schedule-screen.module.css';

/** The query of a schedule, with its version for If-Match. */
export function scheduleQuery(key: string) {
  const path = `/schedules/${encodeURIComponent(key)}`;
  return {
    queryKey: ['schedules', key, 'versioned'] as const,
    queryFn: ({ signal }: { signal: AbortSignal }): Promise<Answer<Schedule>> =>
      requestWithEtag<Schedule>('GET', path, { signal }),
  };
}

/** `/schedules/:key`, and `?edit=yes` for its form. */
export function ScheduleScreen() {
  const { key } = useParams({ from: '/shell/schedules/$key' });
  const { edit } = useSearch({ from: '/shell/schedules/$key' });
  const { write } = usePermissions();
  const navigate = useNavigate();
  const editing = edit !== undefined && write;
  const interval = useRefetchInterval({ live: 5_000, polling: 5_000 });
  const query = useQuery({ ...scheduleQuery(key), refetchInterval: editing ? false : interval });
  const leave = () => void navigate({ to: '/schedules/$key', params: { key } });
  if (editing)
    return (
      <Page title={`Edit ${key}`}>
        <QueryView query={query} lines={12}>
          {(answer) => <EditSchedule key={key} answer={answer} onDone={leave} />}
        </QueryView>
      </Page>
    );
  const schedule = query.data?.data;
  return (
    <Page
      title={key}
      aside={schedule !== undefined && <ScheduleState schedule={schedule} brief />}
      actions={write && schedule !== undefined && <ScheduleActions schedule={schedule} />}
    >
      <QueryView query={query} lines={10}>
        {({ data }) => <ScheduleView schedule={data} />}
      </QueryView>
    </Page>
  );
}

function ScheduleView({ schedule }: { readonly schedule: Schedule }) {
  return (
    <>
      <p className={styles.words}>
        {schedule.description === ''
          ? 'This version of the service cannot read its timing'
          : schedule.description}
        {schedule.time_zone !== 'UTC' && <span className="muted">, {schedule.time_zone}</span>}
      </p>
      <PauseNote schedule={schedule} />
      <div className={styles.columns}>
        <Section title={nextTitle(schedule)}>
          <NextOccurrences schedule={schedule} />
        </Section>
        <Section title="Definition">
          <ScheduleFacts schedule={schedule} />
        </Section>
      </div>
      <Section title="History">
        <History scheduleKey={schedule.key} />
      </Section>
    </>
  );
}

function nextTitle({ paused }: Schedule): string {
  if (paused === null) return 'Next occurrences';
  return paused.until === null ? 'Next occurrences, were it resumed now' : 'Next occurrences after the pause';
}
