import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { CreateTimerRequest, Timer, TimerSummary } from '@timer-platform/callback-types';
import { type SubmitEvent, useState } from 'react';
import { request } from '../../api/http.ts';
import { apiQuery } from '../../api/queries.ts';
import { usePermissions } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { EmptyState, ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import { CallbackFields, JsonField } from '../../forms/callback-fields.tsx';
import styles from '../../forms/form.module.css';
import { FormPart, OptionalPart } from '../../forms/form-part.tsx';
import { FormProblems } from '../../forms/form-problems.tsx';
import { InstantField } from '../../forms/instant-field.tsx';
import { answeredProblems, mergeProblems, problemAt, type Problems } from '../../forms/problems.ts';
import { RetryFields } from '../../forms/retry-fields.tsx';
import { emptyTimer, formOfTimer, type TimerForm, timerRequestOf } from '../../forms/timer-form.ts';
import { now } from '../../lib/clock.ts';
import { useTimeZone } from '../../preferences/preferences.ts';
import { TimerPreview } from './timer-preview.tsx';
import { useRequestKey } from './use-request-key.ts';
import { WhenPart } from './when-part.tsx';

/** `/new-timer`, and `?from=<id>` for one like another. */
export function NewTimerScreen() {
  const { from } = useSearch({ from: '/shell/new-timer' });
  const { write } = usePermissions();
  const zone = useTimeZone();
  return (
    <Page title="New timer">
      {!write ? (
        <EmptyState title="This API key may only read">
          Timers are stored with a key of the role write or admin.
        </EmptyState>
      ) : from === undefined ? (
        <NewTimer initial={emptyTimer(zone)} />
      ) : (
        <Copy from={from} zone={zone} />
      )}
    </Page>
  );
}

function Copy({ from, zone }: { readonly from: string; readonly zone: string }) {
  const query = useQuery(apiQuery<Timer>(`/timers/${encodeURIComponent(from)}`));
  return (
    <QueryView query={query} lines={12}>
      {(timer) => (
        <>
          <p className="muted">
            Like the timer{' '}
            <Link to="/timers/$id" params={{ id: timer.id }} className="mono">
              {timer.id}
            </Link>
            , without its key.
          </p>
          <NewTimer key={from} initial={formOfTimer(timer, zone, now())} />
        </>
      )}
    </QueryView>
  );
}

function NewTimer({ initial }: { readonly initial: TimerForm }) {
  const [form, setForm] = useState(initial);
  const [tried, setTried] = useState(false);
  const navigate = useNavigate();
  const keyOf = useRequestKey();
  const action = useAction({
    run: (body: CreateTimerRequest) =>
      request<TimerSummary>('POST', '/timers', { body, headers: { 'idempotency-key': keyOf(body) } }),
    changes: ['/timers', '/stats'],
    done: () => 'Stored the timer',
    onSuccess: ({ id }) => void navigate({ to: '/timers/$id', params: { id } }),
    onError: () => undefined,
  });
  const { request: body, problems: found } = timerRequestOf(form);
  const answered = answeredProblems(action.error);
  const problems = mergeProblems(
    tried ? found : found.filter(({ message }) => message !== 'is required'),
    answered,
  );
  const change = (fields: Partial<TimerForm>) => {
    setForm({ ...form, ...fields });
    action.reset();
  };
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!action.isPending && found.length === 0) action.mutate(body);
  };
  return (
    <div className={styles.layout}>
      <form noValidate onSubmit={send}>
        <WhenPart form={form} change={change} problems={problems} />
        <FormPart title="What">
          <CallbackFields
            value={form.callback}
            problems={problems}
            onChange={(callback) => {
              change({ callback });
            }}
          />
        </FormPart>
        <MorePart form={form} change={change} problems={problems} />
        {answered.length === 0 && <ErrorNote error={action.error} />}
        <FormProblems problems={tried ? problems : []} />
        <div className={styles.buttons}>
          <Button kind="primary" type="submit" busy={action.isPending}>
            Store the timer
          </Button>
          <Link to="/timers">Back to the timers</Link>
        </div>
      </form>
      <div className={styles.aside}>
        <TimerPreview form={form} />
      </div>
    </div>
  );
}

function MorePart({
  form,
  change,
  problems,
}: {
  readonly form: TimerForm;
  readonly change: (fields: Partial<TimerForm>) => void;
  readonly problems: Problems;
}) {
  const isSet =
    form.key !== '' ||
    form.metadata !== '' ||
    form.expiresAt.text !== '' ||
    Object.entries(form.retry).some(([name, value]) => name !== 'waits' && value !== '') ||
    ['retry', 'expires_at', 'key', 'metadata'].some((path) => problemAt(problems, path) !== undefined);
  return (
    <OptionalPart title="Retries, expiry, key, metadata" open={isSet}>
      <RetryFields
        value={form.retry}
        problems={problems}
        onChange={(retry) => {
          change({ retry });
        }}
      />
      <div className={styles.row}>
        <InstantField
          label="Expires at"
          zone={form.zone.trim()}
          value={form.expiresAt}
          hint={`No attempt starts later than this. On the clocks of ${form.zone}`}
          error={problemAt(problems, 'expires_at')}
          onChange={(expiresAt) => {
            change({ expiresAt });
          }}
        />
        <TextField
          label="Key"
          placeholder="order-42"
          hint="Your own name of the timer, unique among the unfinished ones of your API key."
          value={form.key}
          error={problemAt(problems, 'key')}
          onChange={(event) => {
            change({ key: event.target.value });
          }}
        />
      </div>
      <JsonField
        label="Metadata"
        hint="JSON, stored with the timer; never sent."
        placeholder='{ "team": "billing" }'
        value={form.metadata}
        error={problemAt(problems, 'metadata')}
        onChange={(metadata) => {
          change({ metadata });
        }}
      />
    </OptionalPart>
  );
}
