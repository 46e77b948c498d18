import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function ScheduleScreen() {
  return (
    <Page title="Schedule">
      <Skeleton />
    </Page>
  );
}
