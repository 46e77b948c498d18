import { useQueryClient } from '@tanstack/react-query';
import type { PutScheduleRequest, PutScheduleResponse, Schedule } from '@timer-platform/callback-types';
import { useState } from 'react';
import { ApiProblem } from '../../api/api-problem.ts';
import { type Answer, request, requestWithEtag } from '../../api/http.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { mergeForms } from '../../forms/merge-schedules.ts';
import { ScheduleEditor } from '../../forms/schedule-editor.tsx';
import { formOfSchedule } from '../../forms/schedule-form.ts';
import { ConflictPanel } from './conflict-panel.tsx';
import { withdrawalText } from './withdrawal-text.ts';

interface EditScheduleProps {
  /** What is edited: the version that was read first stays the one that If-Match names. */
  readonly answer: Answer<Schedule>;
  readonly onDone: () => void;
}

/** The form of a stored schedule. What somebody else has changed meanwhile is never overwritten unseen. */
export function EditSchedule({ answer, onDone }: EditScheduleProps) {
  const [base, setBase] = useState(answer);
  const [theirs, setTheirs] = useState<Answer<Schedule>>();
  const [form, setForm] = useState(() => formOfSchedule(answer.data));
  const client = useQueryClient();
  const { key } = base.data;
  const path = `/schedules/${encodeURIComponent(key)}`;
  const action = useAction({
    run: (body: PutScheduleRequest) =>
      request<PutScheduleResponse['data']>('PUT', path, {
        body,
        headers: base.etag === null ? {} : { 'if-match': base.etag },
      }),
    changes: ['/schedules', '/timers'],
    done: (result) =>
      result.changed ? `Changed ${key}${withdrawalText(result)}` : `${key} had this content already`,
    onSuccess: onDone,
    onError: (error) => {
      if (isConflict(error)) void lookAtTheirs();
    },
  });
  const lookAtTheirs = async () => {
    setTheirs(
      await client.query({
        queryKey: ['schedules', key, 'theirs'],
        staleTime: 0,
        queryFn: () => requestWithEtag<Schedule>('GET', path),
      }),
    );
  };
  const take = (taken: typeof form) => {
    if (theirs !== undefined) setBase(theirs);
    setForm(taken);
    setTheirs(undefined);
    action.reset();
  };
  return (
    <ScheduleEditor
      form={form}
      onChange={(changed) => {
        setForm(changed);
        if (theirs === undefined) action.reset();
      }}
      storedKey={key}
      submit="Save the changes"
      busy={action.isPending}
      error={isConflict(action.error) ? null : action.error}
      onSubmit={action.mutate}
      cancel={<Button onClick={onDone}>Discard them</Button>}
    >
      {theirs !== undefined && (
        <ConflictPanel
          base={formOfSchedule(base.data)}
          theirs={formOfSchedule(theirs.data)}
          mine={form}
          onTakeTheirs={() => {
            take(formOfSchedule(theirs.data));
          }}
          onMerge={() => {
            take(mergeForms(formOfSchedule(base.data), formOfSchedule(theirs.data), form).form);
          }}
        />
      )}
    </ScheduleEditor>
  );
}

function isConflict(error: Error | null): boolean {
  return error instanceof ApiProblem && error.status === 412;
}
