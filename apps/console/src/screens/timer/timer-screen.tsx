import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function TimerScreen() {
  return (
    <Page title="Timer">
      <Skeleton />
    </Page>
  );
}
