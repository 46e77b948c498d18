import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { Page } from '../components/page.tsx';
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx';

/** A screen that could not be shown. */
export function ScreenError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Page title="Error">
      <ErrorState
        error={error instanceof Error ? error : new Error(String(error))}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </Page>
  );
}

export function ScreenNotFound() {
  return (
    <Page title="No such page">
      <EmptyState title="There is nothing at this address" action={<Link to="/">Go to the overview</Link>} />
    </Page>
  );
}

export function ScreenPending() {
  return <Skeleton lines={6} />;
}
