import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function OverviewScreen() {
  return (
    <Page title="Overview">
      <Skeleton />
    </Page>
  );
}
