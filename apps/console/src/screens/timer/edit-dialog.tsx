import type { Timer } from '@timer-platform/callback-types';
import { useState } from 'react';
import { ApiProblem } from '../../api/api-problem.ts';
import { request } from '../../api/http.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, TextField } from '../../components/field.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import { useTimeZone } from '../../preferences/preferences.ts';
import { type EditErrors, type EditField, editFormOf, errorsByField, readEditForm } from './timer-edit.ts';
import styles from './timer-screen.module.css';

/** Changes a pending timer. Only what was changed is sent, so that two people do not undo each other's changes. */
export function EditDialog({ timer, onClose }: { readonly timer: Timer; readonly onClose: () => void }) {
  const zone = useTimeZone();
  // As it was opened, though the timer is read again meanwhile.
  const [before] = useState(() => editFormOf(timer, zone));
  const [openedIn] = useState(zone);
  const [form, setForm] = useState(before);
  const [found, setFound] = useState<EditErrors>({});
  const action = useAction({
    run: (body: Readonly<Record<string, unknown>>) => request('PUT', `/timers/${timer.id}`, { body }),
    changes: ['/timers', '/actions'],
    done: () => 'The timer is changed',
    onSuccess: onClose,
    onError: () => undefined,
  });
  const { errors: refused, others } = errorsByField(
    action.error instanceof ApiProblem ? action.error.issues : [],
  );
  const reading = readEditForm(form, before, openedIn);
  const changed = reading.body === null || Object.keys(reading.body).length > 0;
  const save = () => {
    setFound(reading.errors ?? {});
    if (reading.body !== null) action.mutate(reading.body);
  };
  const fieldOf = (field: EditField) => {
    const error = found[field] ?? refused[field];
    return { ...(error === undefined ? {} : { error }) };
  };
  const change = (field: EditField) => (event: { readonly target: { readonly value: string } }) => {
    setForm({ ...form, [field]: event.target.value });
    setFound({ ...found, [field]: undefined });
    action.reset();
  };
  const json = (field: EditField, label: string, rows: number, hint: string) => (
    <Field label={label} hint={hint} {...fieldOf(field)}>
      {(control) => (
        <textarea {...control} rows={rows} spellCheck={false} value={form[field]} onChange={change(field)} />
      )}
    </Field>
  );
  return (
    <Dialog
      title="Edit timer"
      wide
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button kind="primary" busy={action.isPending} disabled={!changed} onClick={save}>
            Save
          </Button>
        </>
      }
    >
      <div className={styles.form}>
        <div className={styles.pair}>
          <TextField
            label={`Due, ${openedIn}`}
            type="datetime-local"
            step={1}
            value={form.executeAt}
            onChange={change('executeAt')}
            {...fieldOf('executeAt')}
          />
          <TextField
            label={`Expires, ${openedIn}`}
            type="datetime-local"
            step={1}
            value={form.expiresAt}
            onChange={change('expiresAt')}
            hint="Empty: never"
            {...fieldOf('expiresAt')}
          />
        </div>
        {json('callback', 'Callback', 8, 'JSON, replaced as a whole')}
        {json('retry', 'Retry policy', 3, 'JSON; empty: the default')}
        {json('metadata', 'Metadata', 4, 'JSON; empty: none')}
      </div>
      {action.error !== null && (others.length > 0 || Object.keys(refused).length === 0) && (
        <ErrorNote error={action.error} />
      )}
    </Dialog>
  );
}
