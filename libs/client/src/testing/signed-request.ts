import { createHmac, randomUUID } from 'node:crypto';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G';
export const OTHER_SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDC2FVsBQI';

export interface SignedRequestOptions {
  readonly id?: string;
  readonly name?: string;
  readonly body?: string;
  readonly secret?: string;
  readonly timestampSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SignedRequest {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request as the timer service sends it, signed independently of the code under test. */
export function signedRequest(options: SignedRequestOptions = {}): SignedRequest {
  const { body = '', id = randomUUID(), name, secret = SECRET } = options;
  const timestamp = String(options.timestampSeconds ?? Math.floor(Date.now() / 1_000));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
      ...(name !== undefined && { 'timer-callback': name }),
      ...options.headers,
    },
  };
}
