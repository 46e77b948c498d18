import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function DestinationsScreen() {
  return (
    <Page title="Destinations">
      <Skeleton />
    </Page>
  );
}
