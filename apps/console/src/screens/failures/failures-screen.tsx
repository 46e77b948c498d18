import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function FailuresScreen() {
  return (
    <Page title="Failures">
      <Skeleton />
    </Page>
  );
}
