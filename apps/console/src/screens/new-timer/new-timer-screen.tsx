import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function NewTimerScreen() {
  return (
    <Page title="New timer">
      <Skeleton />
    </Page>
  );
}
