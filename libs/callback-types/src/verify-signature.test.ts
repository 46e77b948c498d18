import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { readJson } from '../testing/read-json.ts';
import { SignatureError, type SignedMessage, verifySignature } from './verify-signature.ts';

/** Test vector of the Standard Webhooks reference implementations. */
const VECTOR = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  body: '{"test": 2432232314}',
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
};
const NOW = new Date(1_614_265_330_000);
const OTHER = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

function verify(overrides: Partial<SignedMessage> = {}) {
  return verifySignature({
    headers: VECTOR.headers,
    body: VECTOR.body,
    secrets: VECTOR.secret,
    now: NOW,
    ...overrides,
  });
}

function rejection(overrides: Partial<SignedMessage>): Promise<unknown> {
  return verify(overrides).then(
    () => 'accepted',
    (error: unknown) => (error instanceof SignatureError ? error.reason : error),
  );
}

describe('verifySignature accepts', () => {
  test('the test vector of the reference implementations', async () => {
    expect(await verify()).toEqual({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: NOW });
  });

  test('headers of fetch and Node.js in any case', async () => {
    await verify({ headers: new Headers(VECTOR.headers) });
    await verify({
      headers: Object.fromEntries(
        Object.entries(VECTOR.headers).map(([name, value]) => [name.toUpperCase(), value]),
      ),
    });
  });

  test('a body of bytes', async () => {
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

  test('any of several secrets, and a secret without the prefix', async () => {
    await verify({ secrets: [OTHER, VECTOR.secret] });
    await verify({ secrets: VECTOR.secret.slice(6) });
  });

  test('one valid signature among others and other versions', async () => {
    const { 'webhook-signature': valid } = VECTOR.headers;
    await verify({
      headers: {
        ...VECTOR.headers,
        'webhook-signature': `v1a,abc v2,xyz v1,not-base64! v1,AAAA ${valid}`,
      },
    });
  });

  test('a timestamp at the limits of the tolerance', async () => {
    await verify({ now: new Date(NOW.getTime() + 300_999) });
    await verify({ now: new Date(NOW.getTime() - 300_000) });
    await verify({ now: new Date(NOW.getTime() + 3_600_000), toleranceSeconds: 3_600 });
  });
});

describe('verifySignature rejects', () => {
  test('a changed body, header or signature', async () => {
    expect(await rejection({ body: `${VECTOR.body} ` })).toBe('no matching signature');
    expect(await rejection({ body: '' })).toBe('no matching signature');
    for (const [name, value] of [
      ['webhook-id', 'msg_other'],
      ['webhook-timestamp', '1614265331'],
      ['webhook-signature', 'v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
      // The valid signature with a version other than v1.
      ['webhook-signature', 'v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
      ['webhook-signature', 'v1,'],
      ['webhook-signature', 'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
    ] as const)
      expect(await rejection({ headers: { ...VECTOR.headers, [name]: value } })).toBe(
        'no matching signature',
      );
  });

  test('a message if no secret matches', async () => {
    expect(await rejection({ secrets: OTHER })).toBe('no matching signature');
    expect(await rejection({ secrets: [] })).toBe('no matching signature');
  });

  test('a timestamp outside the tolerance', async () => {
    expect(await rejection({ now: new Date(NOW.getTime() + 301_000) })).toBe('timestamp too old');
    expect(await rejection({ now: new Date(NOW.getTime() - 301_000) })).toBe('timestamp too new');
    expect(await rejection({ now: new Date() })).toBe('timestamp too old');
  });

  test('missing and malformed headers', async () => {
    for (const name of Object.keys(VECTOR.headers)) {
      expect(await rejection({ headers: { ...VECTOR.headers, [name]: undefined } })).toBe('missing header');
      expect(await rejection({ headers: { ...VECTOR.headers, [name]: ['a', 'b'] } })).toBe(
        'malformed header',
      );
      expect(await rejection({ headers: { ...VECTOR.headers, [name]: '' } })).toBe('malformed header');
    }
    for (const timestamp of ['1614265330.0', '-1614265330', ' 1614265330', '0x60', 'NaN', '9'.repeat(20)])
      expect(await rejection({ headers: { ...VECTOR.headers, 'webhook-timestamp': timestamp } })).toBe(
        'malformed header',
      );
    const many = Array.from({ length: 1_000 }, () => 'v1,AAAA').join(' ');
    expect(await rejection({ headers: { ...VECTOR.headers, 'webhook-signature': many } })).toBe(
      'malformed header',
    );
  });
});

test('verifySignature reports an invalid secret without revealing it', async () => {
  for (const secrets of ['whsec_', 'whsec_%%%', '']) {
    const error = await rejection({ secrets });
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).not.toContain('%%%');
  }
});

describe('signatures.json', () => {
  const vectors = z
    .array(
      z.strictObject({
        name: z.string(),
        secrets: z.array(z.string()),
        now: z.int(),
        headers: z.record(z.string(), z.string()),
        body_base64: z.base64(),
        result: z.string(),
      }),
    )
    .min(1)
    .parse(readJson('fixtures/signatures.json'));

  test.each(vectors)('$name: $result', async ({ secrets, now, headers, body_base64, result }) => {
    const message = {
      secrets,
      headers,
      body: Buffer.from(body_base64, 'base64'),
      now: new Date(now * 1_000),
    };
    const received = await verifySignature(message).then(
      ({ id }) => {
        expect(id).toBe(headers['webhook-id']);
        return 'accepted';
      },
      (error: unknown) => (error instanceof SignatureError ? error.reason : error),
    );
    expect(received).toBe(result);
  });
});
