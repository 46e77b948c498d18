import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function DispatchersScreen() {
  return (
    <Page title="Dispatchers">
      <Skeleton />
    </Page>
  );
}
