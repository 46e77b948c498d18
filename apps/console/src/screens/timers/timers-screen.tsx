import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function TimersScreen() {
  return (
    <Page title="Timers">
      <Skeleton />
    </Page>
  );
}
