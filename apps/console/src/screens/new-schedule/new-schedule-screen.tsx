import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { PutScheduleRequest, Schedule } from '@timer-platform/callback-types';
import { useState } from 'react';
import { ApiProblem } from '../../api/api-problem.ts';
import { request } from '../../api/http.ts';
import { apiQuery } from '../../api/queries.ts';
import { usePermissions } from '../../api/session.ts';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { EmptyState } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import { ScheduleEditor } from '../../forms/schedule-editor.tsx';
import { emptySchedule, formOfSchedule, type ScheduleForm } from '../../forms/schedule-form.ts';
import { useTimeZone } from '../../preferences/preferences.ts';

/** `/new-schedule`, and `?from=<key>` for one like another. */
export function NewScheduleScreen() {
  const { from } = useSearch({ from: '/shell/new-schedule' });
  const { write } = usePermissions();
  const zone = useTimeZone();
  return (
    <Page title="New schedule">
      {!write ? (
        <EmptyState title="This API key may only read">
          Schedules are stored with a key of the role write or admin.
        </EmptyState>
      ) : from === undefined ? (
        <NewSchedule initial={emptySchedule(zone)} />
      ) : (
        <Copy from={from} />
      )}
    </Page>
  );
}

function Copy({ from }: { readonly from: string }) {
  const query = useQuery({
    ...apiQuery<Schedule>(`/schedules/${encodeURIComponent(from)}`),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <QueryView query={query} lines={12}>
      {(schedule) => <NewSchedule key={from} initial={{ ...formOfSchedule(schedule), key: '' }} />}
    </QueryView>
  );
}

function NewSchedule({ initial }: { readonly initial: ScheduleForm }) {
  const [form, setForm] = useState(initial);
  const navigate = useNavigate();
  const key = form.key.trim();
  const action = useAction({
    run: (body: PutScheduleRequest) =>
      request<Schedule>('PUT', `/schedules/${encodeURIComponent(key)}`, {
        body,
        // Never replaces one that exists.
        headers: { 'if-none-match': '*' },
      }),
    changes: ['/schedules'],
    done: () => `Stored the schedule ${key}`,
    onSuccess: () => void navigate({ to: '/schedules/$key', params: { key } }),
    onError: () => undefined,
  });
  return (
    <ScheduleEditor
      form={form}
      onChange={(changed) => {
        setForm(changed);
        action.reset();
      }}
      submit="Store the schedule"
      busy={action.isPending}
      error={existsAlready(action.error)}
      onSubmit={action.mutate}
      cancel={<Link to="/schedules">Back to the schedules</Link>}
    />
  );
}

function existsAlready(error: Error | null): Error | null {
  if (!(error instanceof ApiProblem) || error.status !== 412) return error;
  return new ApiProblem({
    status: 400,
    code: error.code,
    message: error.message,
    reason: error.reason,
    retryAfterSeconds: null,
    issues: [{ path: 'key', message: 'is that of a schedule that exists: open that one to change it' }],
  });
}
