import type { CallbackType } from '@timer-platform/callback-types';
import type { Transports } from './transport.ts';

/** Closes every transport: attempts under way end as withdrawn. Idempotent. */
export async function closeTransports(transports: Transports): Promise<void> {
  await Promise.all(
    Object.values(transports).map((transport: Transports[CallbackType]) => transport.close()),
  );
}
