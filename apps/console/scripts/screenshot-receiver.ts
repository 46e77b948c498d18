import type { ReceivedRequest, ReceiverResponse } from '@timer-platform/test-support';

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Receivers with names: each responds in its own way. */
export async function respondAs({ headers, index }: ReceivedRequest): Promise<ReceiverResponse> {
  const [host = ''] = (headers.host ?? '').split(':');
  switch (host) {
    case 'mail.example.net':
      return index % 5 === 0 ? 200 : { status: 503, body: 'upstream is restarting' };
    case 'warehouse.example.org':
      return 'reset';
    case 'crm.example.org':
      await delay(20 + (index % 60));
      return index % 40 === 0 ? { status: 422, body: '{"error":"unknown customer"}' } : 200;
    default:
      await delay(2 + (index % 9));
      return 200;
  }
}
