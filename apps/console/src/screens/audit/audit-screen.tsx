import { Page } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';

export function AuditScreen() {
  return (
    <Page title="Audit log">
      <Skeleton />
    </Page>
  );
}
