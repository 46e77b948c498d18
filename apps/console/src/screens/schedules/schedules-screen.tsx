import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function SchedulesScreen() {
  return (
    <Page title="Schedules">
      <Skeleton />
    </Page>
  );
}
