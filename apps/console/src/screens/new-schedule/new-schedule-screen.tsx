import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function NewScheduleScreen() {
  return (
    <Page title="New schedule">
      <Skeleton />
    </Page>
  );
}
