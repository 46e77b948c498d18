import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { AttemptListResponse, TimerResponse } from '@timer-platform/callback-types';
import { type ReactNode, useState } from 'react';
import { ApiProblem } from '../../api/api-problem.ts';
import { useLiveEvent } from '../../api/live.ts';
import { apiQuery } from '../../api/queries.ts';
import { usePermissions } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { ButtonLink } from '../../components/button-link.tsx';
import { Instant } from '../../components/instant.tsx';
import { JsonTree } from '../../components/json-tree.tsx';
import { Duration } from '../../components/number.tsx';
import { Page, Section } from '../../components/page.tsx';
import { EmptyState, ErrorNote, ErrorState, Skeleton } from '../../components/states.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { now } from '../../lib/clock.ts';
import { shortId } from '../../timers/short-id.ts';
import { CopyMenu } from './copy-menu.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { Headers } from './headers.tsx';
import { retryInWords } from './retry-in-words.ts';
import { refetchAfter } from './timeline.ts';
import { Timeline } from './timeline-list.tsx';
import { TimerActions } from './timer-actions.tsx';
import { callbackParts } from './timer-edit.ts';
import styles from './timer-screen.module.css';

type Timer = TimerResponse['data'];

/** Everything about one timer, and what can be done to it. */
export function TimerScreen() {
  const { id } = useParams({ from: '/shell/timers/$id' });
  const path = `/timers/${encodeURIComponent(id)}`;
  const timer = useQuery({
    ...apiQuery<Timer>(path),
    refetchInterval: ({ state: { data } }) => (data === undefined ? false : refetchAfter(data, now())),
  });
  const attempts = useQuery({
    ...apiQuery<AttemptListResponse['data']>(`${path}/attempts`),
    enabled: timer.data !== undefined,
    refetchInterval: timer.data === undefined ? false : refetchAfter(timer.data, now()),
  });
  useLiveEvent<{ readonly timers: readonly { readonly id: string }[] }>('timers', ({ timers }) => {
    if (!timers.some((ended) => ended.id === id)) return;
    void timer.refetch();
    void attempts.refetch();
  });
  if (timer.data !== undefined)
    return (
      <Details timer={timer.data} attempts={attempts.data?.attempts} error={timer.error ?? attempts.error} />
    );
  return (
    <Page title={`Timer ${shortId(id)}`}>
      {timer.error === null && <Skeleton lines={8} />}
      {timer.error instanceof ApiProblem && timer.error.status === 404 && (
        <EmptyState title="There is no timer with this id" action={<Link to="/timers">All timers</Link>}>
          It was never stored, or it was deleted: finished timers are kept for a time only.
        </EmptyState>
      )}
      {timer.error !== null && !(timer.error instanceof ApiProblem && timer.error.status === 404) && (
        <ErrorState error={timer.error} onRetry={() => void timer.refetch()} />
      )}
    </Page>
  );
}

interface DetailsProps {
  readonly timer: Timer;
  readonly attempts: AttemptListResponse['data']['attempts'] | undefined;
  readonly error: Error | null;
}

function Details({ timer, attempts, error }: DetailsProps) {
  const permissions = usePermissions();
  const [editing, setEditing] = useState(false);
  const { id, key, callback, metadata } = timer;
  const { headers } = callback;
  return (
    <Page
      title={key ?? `Timer ${shortId(id)}`}
      aside={<StatusBadge status={timer.status} paused={timer.paused} />}
      actions={
        <>
          {permissions.write && (
            <TimerActions
              timer={timer}
              onEdit={() => {
                setEditing(true);
              }}
            />
          )}
          <CopyMenu timer={timer} />
          {permissions.write && (
            <ButtonLink to="/new-timer" search={{ from: id }}>
              Copy as new
            </ButtonLink>
          )}
        </>
      }
    >
      <ErrorNote error={error} />
      {timer.last_error !== null && (
        <p className={styles.error} data-final={timer.status === 'failed' ? '' : undefined}>
          <strong>{timer.status === 'failed' ? 'Failed:' : 'Last error:'}</strong> {timer.last_error}
        </p>
      )}
      <div className={styles.columns}>
        <div className={styles.column}>
          <Section title="Timeline">
            {attempts === undefined ? <Skeleton lines={4} /> : <Timeline timer={timer} attempts={attempts} />}
          </Section>
          <Section title="Retries">
            <p className={styles.text}>{retryInWords(timer.retry)}</p>
          </Section>
        </div>
        <div className={styles.column}>
          <Facts timer={timer} />
          <Section title="Callback">
            <dl className={styles.facts}>
              {callbackParts(callback).map(([label, value]) => (
                <Fact key={label} label={label}>
                  <code className={styles.code}>{value}</code>
                </Fact>
              ))}
            </dl>
          </Section>
          {headers !== null && headers !== undefined && (
            <Section title="Headers">
              <Headers headers={headers} />
            </Section>
          )}
          <Json title="Payload" value={callback.payload} />
          <Json title="Metadata" value={metadata} />
        </div>
      </div>
      {editing && (
        <EditDialog
          timer={timer}
          onClose={() => {
            setEditing(false);
          }}
        />
      )}
    </Page>
  );
}

function Json({ title, value }: { readonly title: string; readonly value: unknown }) {
  if (value === null || value === undefined) return null;
  return (
    <Section title={title}>
      <div className={styles.json}>
        <JsonTree value={value} />
      </div>
    </Section>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ timer }: { readonly timer: Timer }) {
  const { id, due_at, destination, lateness_ms, expires_at, schedule_key, scheduled_for, status } = timer;
  return (
    <Section title="Timer">
      <dl className={styles.facts}>
        <Fact label="Id">
          <code className={styles.code}>{id}</code> <CopyId id={id} />
        </Fact>
        <Fact label="Due">
          <Instant at={due_at} precision="millisecond" relative />
        </Fact>
        {lateness_ms !== null && (
          <Fact label="Lateness">
            <Duration ms={lateness_ms} />
          </Fact>
        )}
        {destination !== null && (
          <Fact label="Destination">
            <Link to="/timers" search={{ destination }}>
              {destination}
            </Link>
          </Fact>
        )}
        {schedule_key !== null && schedule_key !== undefined && (
          <Fact label="Schedule">
            <Link to="/schedules/$key" params={{ key: schedule_key }}>
              {schedule_key}
            </Link>
            {scheduled_for !== undefined && (
              <>
                {' '}
                for <Instant at={scheduled_for} />
              </>
            )}
          </Fact>
        )}
        {expires_at !== null && (
          <Fact label="Expires">
            <Instant at={expires_at} relative={status === 'pending'} />
          </Fact>
        )}
        <Fact label="Created">
          <Instant at={timer.created_at} relative />
        </Fact>
        <Fact label="Changed">
          <Instant at={timer.updated_at} relative />
        </Fact>
      </dl>
    </Section>
  );
}

function CopyId({ id }: { readonly id: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <Button
      small
      kind="quiet"
      onClick={() => {
        void navigator.clipboard.writeText(id).then(() => {
          setCopied(true);
        });
      }}
    >
      {copied ? 'Copied' : 'Copy'}
    </Button>
  );
}
