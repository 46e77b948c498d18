import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SignatureError, type SignedMessage, verifySignature } from './verify-signature.ts';

/** The vector of the Standard Webhooks reference implementations. */
const VECTOR = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  body: '{"test": 2432232314}',
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
};
const AT = new Date(1_614_265_330_000);
const OTHER = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

function verify(change: Partial<SignedMessage> = {}) {
  return verifySignature({
    headers: VECTOR.headers,
    body: VECTOR.body,
    secrets: VECTOR.secret,
    now: AT,
    ...change,
  });
}

function refusal(change: Partial<SignedMessage>): Promise<unknown> {
  return verify(change).then(
    () => 'accepted',
    (error: unknown) => (error instanceof SignatureError ? error.reason : error),
  );
}

describe('accepts', () => {
  test('the vector of the reference implementations', async () => {
    expect(await verify()).toEqual({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: AT });
  });

  test('headers of fetch, of Node.js, in any case', async () => {
    await verify({ headers: new Headers(VECTOR.headers) });
    await verify({
      headers: Object.fromEntries(
        Object.entries(VECTOR.headers).map(([name, value]) => [name.toUpperCase(), value]),
      ),
    });
  });

  test('bytes as the body', async () => {
    await verify({ body: new TextEncoder().encode(VECTOR.body) });
    const bytes = Uint8Array.from([0xff, 0x00, 0xfe]);
    const key = Buffer.from(VECTOR.secret.slice(6), 'base64');
    const signature = createHmac('sha256', key).update('a.1614265330.').update(bytes).digest('base64');
    await verify({
      body: bytes,
      headers: {
        'webhook-id': 'a',
        'webhook-timestamp': '1614265330',
        'webhook-signature': `v1,${signature}`,
      },
    });
  });

  test('any of several secrets, and a secret without its prefix', async () => {
    await verify({ secrets: [OTHER, VECTOR.secret] });
    await verify({ secrets: VECTOR.secret.slice(6) });
  });

  test('one good signature among others and other versions', async () => {
    const { 'webhook-signature': good } = VECTOR.headers;
    await verify({
      headers: {
        ...VECTOR.headers,
        'webhook-signature': `v1a,abc v2,xyz v1,not-base64! v1,AAAA ${good}`,
      },
    });
  });

  test('a timestamp at the edges of the tolerance', async () => {
    await verify({ now: new Date(AT.getTime() + 300_999) });
    await verify({ now: new Date(AT.getTime() - 300_000) });
    await verify({ now: new Date(AT.getTime() + 3_600_000), toleranceSeconds: 3_600 });
  });
});

describe('refuses', () => {
  test('what was changed', async () => {
    expect(await refusal({ body: `${VECTOR.body} ` })).toBe('no matching signature');
    expect(await refusal({ body: '' })).toBe('no matching signature');
    for (const [name, value] of [
      ['webhook-id', 'msg_other'],
      ['webhook-timestamp', '1614265331'],
      ['webhook-signature', 'v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
      // Right bytes under a version that is not v1.
      ['webhook-signature', 'v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
      ['webhook-signature', 'v1,'],
      ['webhook-signature', 'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
    ] as const)
      expect(await refusal({ headers: { ...VECTOR.headers, [name]: value } })).toBe('no matching signature');
  });

  test('another secret, and none', async () => {
    expect(await refusal({ secrets: OTHER })).toBe('no matching signature');
    expect(await refusal({ secrets: [] })).toBe('no matching signature');
  });

  test('what is old or comes from the future', async () => {
    expect(await refusal({ now: new Date(AT.getTime() + 301_000) })).toBe('timestamp too old');
    expect(await refusal({ now: new Date(AT.getTime() - 301_000) })).toBe('timestamp too new');
    expect(await refusal({ now: new Date() })).toBe('timestamp too old');
  });

  test('missing and malformed headers', async () => {
    for (const name of Object.keys(VECTOR.headers)) {
      expect(await refusal({ headers: { ...VECTOR.headers, [name]: undefined } })).toBe('missing header');
      expect(await refusal({ headers: { ...VECTOR.headers, [name]: ['a', 'b'] } })).toBe('malformed header');
      expect(await refusal({ headers: { ...VECTOR.headers, [name]: '' } })).toBe('malformed header');
    }
    for (const timestamp of ['1614265330.0', '-1614265330', ' 1614265330', '0x60', 'NaN', '9'.repeat(20)])
      expect(await refusal({ headers: { ...VECTOR.headers, 'webhook-timestamp': timestamp } })).toBe(
        'malformed header',
      );
    const many = Array.from({ length: 1_000 }, () => 'v1,AAAA').join(' ');
    expect(await refusal({ headers: { ...VECTOR.headers, 'webhook-signature': many } })).toBe(
      'malformed header',
    );
  });
});

test('says that a secret is no secret without showing it', async () => {
  for (const secrets of ['whsec_', 'whsec_%%%', '']) {
    const error = await refusal({ secrets });
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).not.toContain('%%%');
  }
});
