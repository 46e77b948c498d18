import type { PutScheduleRequest } from '@timer-platform/callback-types';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import { apiBase } from '../api/addresses.ts';
import { Button } from '../components/button.tsx';
import { CodeBlock } from '../components/code-block.tsx';
import { ErrorNote } from '../components/states.tsx';
import { API_KEY_HEADER, curlOf } from '../lib/curl.ts';
import styles from './form.module.css';
import { FormProblems } from './form-problems.tsx';
import { answeredProblems, mergeProblems, type Problems } from './problems.ts';
import { ScheduleFields } from './schedule-fields.tsx';
import { type ScheduleForm, scheduleRequestOf, timingOf } from './schedule-form.ts';
import { SchedulePreviewPanel } from './schedule-preview.tsx';
import { useSchedulePreview } from './use-schedule-preview.ts';

interface ScheduleEditorProps {
  readonly form: ScheduleForm;
  readonly onChange: (form: ScheduleForm) => void;
  /** The key of a stored schedule; undefined for a new one. */
  readonly storedKey?: string;
  readonly submit: string;
  readonly busy: boolean;
  /** Of the last request. */
  readonly error: Error | null;
  readonly onSubmit: (request: PutScheduleRequest) => void;
  /** Beside the button. */
  readonly cancel?: ReactNode;
  /** Above the fields. */
  readonly children?: ReactNode;
}

/** The form of a schedule with its preview. */
export function ScheduleEditor(props: ScheduleEditorProps) {
  const { form, onChange, storedKey, submit, busy, error, onSubmit, cancel, children } = props;
  const [tried, setTried] = useState(false);
  const timing = timingOf(form.timing);
  const preview = useSchedulePreview(timing.problems.length === 0 ? timing.request : undefined);
  const { request, problems: found } = scheduleRequestOf(form);
  const own: Problems =
    storedKey === undefined && form.key.trim() === ''
      ? [{ path: 'key', message: 'is required' }, ...found]
      : found;
  const answered = answeredProblems(error);
  const problems = mergeProblems(tried ? own : found.filter(({ message }) => message !== 'is required'), [
    ...preview.problems,
    ...answered,
  ]);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!busy && own.length === 0) onSubmit(request);
  };
  const key = encodeURIComponent(storedKey ?? (form.key.trim() || 'my-schedule'));
  return (
    <div className={styles.layout}>
      <form noValidate onSubmit={send}>
        {children}
        <ScheduleFields value={form} onChange={onChange} problems={problems} storedKey={storedKey} />
        {answered.length === 0 && <ErrorNote error={error} />}
        <FormProblems problems={tried ? problems : []} />
        <div className={styles.buttons}>
          <Button kind="primary" type="submit" busy={busy}>
            {submit}
          </Button>
          {cancel}
        </div>
      </form>
      <div className={styles.aside}>
        <SchedulePreviewPanel
          preview={preview}
          problems={[...timing.problems, ...preview.problems]}
          form={form}
        />
        <CodeBlock
          label="The same by the API"
          text={curlOf({
            method: 'PUT',
            url: `${location.origin}${apiBase()}/schedules/${key}`,
            headers: API_KEY_HEADER,
            body: request,
          })}
        />
      </div>
    </div>
  );
}
