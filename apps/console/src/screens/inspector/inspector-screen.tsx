import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { TimerSummary } from '@timer-platform/callback-types';
import { useState } from 'react';
import { apiBase } from '../../api/addresses.ts';
import { request } from '../../api/http.ts';
import { usePermissions, useSession } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Filters, TextFilter } from '../../components/filters.tsx';
import { Instant } from '../../components/instant.tsx';
import { JsonTree } from '../../components/json-tree.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { EmptyState } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import { formatCountOf } from '../../lib/format-number.ts';
import { type InspectedCallback, keyOf, mentions, timerOf } from './inspected-callback.ts';
import styles from './inspector-screen.module.css';

const POLL_MS = 1_000;

/** The address of the inspector, as the service itself can call it. */
function inspectorUrl(path: string): string {
  return `${location.origin}${apiBase()}/inspector/${path}`;
}

/** The callbacks that a service in development mode has received itself. */
export function InspectorScreen() {
  const session = useSession();
  const { write } = usePermissions();
  const [following, setFollowing] = useState(true);
  const offered = session?.inspector === true;
  return (
    <Page
      title="Inspector"
      actions={
        offered && (
          <>
            <Button
              aria-pressed={!following}
              onClick={() => {
                setFollowing(!following);
              }}
            >
              {following ? 'Hold the list' : 'Follow again'}
            </Button>
            {write && <SendTimer />}
          </>
        )
      }
    >
      {offered ? (
        <Callbacks following={following} />
      ) : (
        <EmptyState title="This service has no inspector">
          A service in development mode, as npm start runs it, receives callbacks itself and lists them here.
        </EmptyState>
      )}
    </Page>
  );
}

function SendTimer() {
  const navigate = useNavigate();
  const action = useAction({
    run: () =>
      request<TimerSummary>('POST', '/timers', {
        body: {
          delay: '1s',
          callback: {
            type: 'http',
            url: inspectorUrl('from-the-console'),
            headers: { 'X-Sent-From': 'console' },
            payload: { hello: 'world', list: [1, 2, 3] },
          },
        },
      }),
    changes: ['/timers', '/stats'],
    done: () => 'Stored a timer that is due in a second',
    undo: ({ id }) => ({ label: 'Show it', run: () => void navigate({ to: '/timers/$id', params: { id } }) }),
  });
  return (
    <Button
      kind="primary"
      busy={action.isPending}
      onClick={() => {
        action.mutate(undefined);
      }}
    >
      Send a timer to it
    </Button>
  );
}

function Callbacks({ following }: { readonly following: boolean }) {
  const { q: text } = useSearch({ from: '/shell/inspector' });
  const navigate = useNavigate({ from: '/inspector' });
  const query = useQuery({
    queryKey: ['inspector'],
    queryFn: ({ signal }) =>
      request<{ callbacks: readonly InspectedCallback[] }>('GET', '/inspector', { signal }),
    refetchInterval: following ? POLL_MS : false,
    refetchOnWindowFocus: following,
    enabled: following,
  });
  return (
    <>
      <Filters label="Filter the callbacks">
        <TextFilter
          label="Path, header or body contains"
          main
          wide
          value={text}
          onChange={(q) => void navigate({ search: { q }, replace: true })}
        />
      </Filters>
      <QueryView query={query} lines={8}>
        {({ callbacks }) => <CallbackList callbacks={callbacks} text={text} />}
      </QueryView>
    </>
  );
}

function CallbackList({
  callbacks,
  text,
}: {
  readonly callbacks: readonly InspectedCallback[];
  readonly text: string | undefined;
}) {
  if (callbacks.length === 0)
    return (
      <EmptyState title="No callbacks yet">
        Timers whose URL begins with <code>{inspectorUrl('')}</code> arrive here.
      </EmptyState>
    );
  const shown = text === undefined ? callbacks : callbacks.filter((callback) => mentions(callback, text));
  if (shown.length === 0)
    return <EmptyState title="No callback matches">None of them has this in it: {text}</EmptyState>;
  return (
    <>
      <ul className={styles.list}>
        {shown.map((callback) => (
          <li key={keyOf(callback)}>
            <Callback callback={callback} />
          </li>
        ))}
      </ul>
      <p className="muted">
        {formatCountOf(shown.length, 'callback')}, newest first. The service keeps the last 100.
      </p>
    </>
  );
}

function Callback({ callback }: { readonly callback: InspectedCallback }) {
  const [opened, setOpened] = useState(false);
  const attempt = callback.headers['webhook-attempt'];
  return (
    <details
      className={styles.callback}
      onToggle={(event) => {
        setOpened(event.currentTarget.open);
      }}
    >
      <summary className={styles.summary} data-row-link="">
        <Instant at={callback.receivedAt} timeOnly precision="millisecond" />
        <span className={styles.path}>{callback.path}</span>
        {typeof attempt === 'string' && attempt !== '1' && <span>attempt {attempt}</span>}
        <span className={styles.body}>
          {hasBody(callback) ? JSON.stringify(callback.body).slice(0, 200) : ''}
        </span>
      </summary>
      {/* A hundred of them are read again every second: only what is seen is worth the work. */}
      {opened && <Content callback={callback} />}
    </details>
  );
}

function hasBody({ body }: InspectedCallback): boolean {
  return body !== null && body !== '';
}

function Content({ callback }: { readonly callback: InspectedCallback }) {
  const id = timerOf(callback);
  return (
    <div className={styles.content}>
      {id !== undefined && (
        <div>
          Timer{' '}
          <Link to="/timers/$id" params={{ id }} className="mono">
            {id}
          </Link>
          , received <Instant at={callback.receivedAt} relative />
        </div>
      )}
      <div className={styles.columns}>
        <section aria-label="Body">
          <h2 className={styles.title}>Body</h2>
          {hasBody(callback) ? <JsonTree value={callback.body} /> : <span className="muted">none</span>}
        </section>
        <section aria-label="Headers">
          <h2 className={styles.title}>Headers</h2>
          <JsonTree value={callback.headers} />
        </section>
      </div>
      <CodeBlock label="Everything as JSON" text={JSON.stringify(callback, null, 2)} />
    </div>
  );
}
