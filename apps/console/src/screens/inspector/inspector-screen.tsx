import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function InspectorScreen() {
  return (
    <Page title="Inspector">
      <Skeleton />
    </Page>
  );
}
