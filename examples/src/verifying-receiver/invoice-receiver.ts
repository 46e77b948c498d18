import { createReceiver, PermanentError, type Receiver } from '@timer-platform/client';
import { invoiceDue } from './invoice-due.ts';

export interface InvoiceReceiverOptions {
  /** `SIGNING_SECRETS` of the timer service. */
  readonly secrets: string;
  /** The numbers of the open invoices. */
  readonly invoices: ReadonlySet<number>;
  readonly remind: (invoice: number) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Receives the timers of invoices. A request that is not signed with the secret gets 401. A delivery that repeats one that
 * was handled gets 200, without another reminder. An unknown invoice gets 410, with which its timer fails at once; after
 * any other error it is delivered again later.
 */
export function createInvoiceReceiver({
  secrets,
  invoices,
  remind,
  onError,
}: InvoiceReceiverOptions): Receiver {
  return createReceiver({ secrets, onError }).on(invoiceDue, ({ invoice }) => {
    if (!invoices.has(invoice)) throw new PermanentError(`there is no invoice ${invoice}`);
    remind(invoice);
  });
}
