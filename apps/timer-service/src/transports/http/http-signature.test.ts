import { describe, expect, test } from '@jest/globals';
import { verifySignature } from '@timer-platform/callback-types';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { messageSigner, signingSecretError } from './http-signature.ts';

const NOW_SECONDS = Math.floor(Date.now() / 1_000);

function secretOf(fill: number, bytes = 32): string {
  return `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`;
}

function headersOf(id: string, signature: string | undefined, seconds = NOW_SECONDS) {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signature ?? '',
  };
}

const messages = fc.record({
  id: fc.uuid(),
  body: fc.oneof(fc.json(), fc.string({ unit: 'grapheme' })),
  secret: fc
    .uint8Array({ minLength: 24, maxLength: 64 })
    .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`),
});

describe('this service, verifySignature and the standardwebhooks package', () => {
  test('agree on the signatures of this service', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async ({ body, id, secret }) => {
        const headers = headersOf(id, messageSigner([secretOf(9), secret])?.(id, NOW_SECONDS, body));
        expect(headers['webhook-signature'].split(' ')[1]).toBe(
          new Webhook(secret).sign(id, new Date(NOW_SECONDS * 1_000), body),
        );
        new Webhook(secret).verify(body, headers, { jsonParse: false });
        expect((await verifySignature({ headers, body, secrets: secret })).id).toBe(id);
      }),
    );
  });

  test('agree on the signatures of the standardwebhooks package', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async ({ body, id, secret }) => {
        const headers = headersOf(id, new Webhook(secret).sign(id, new Date(NOW_SECONDS * 1_000), body));
        await verifySignature({ headers, body, secrets: [secretOf(9), secret] });
      }),
    );
  });

  test('reject the same messages', async () => {
    const secret = secretOf(1);
    const valid = headersOf('a', messageSigner([secret])?.('a', NOW_SECONDS, '{}'));
    const rejected = [
      { headers: valid, body: '{ }', secret },
      { headers: valid, body: '{}', secret: secretOf(2) },
      { headers: { ...valid, 'webhook-id': 'b' }, body: '{}', secret },
      { headers: { ...valid, 'webhook-timestamp': String(NOW_SECONDS - 1) }, body: '{}', secret },
      { headers: { ...valid, 'webhook-signature': 'v1,AAAA' }, body: '{}', secret },
      { headers: { ...valid, 'webhook-signature': '' }, body: '{}', secret },
      ...[-3_600, 3_600].map((offset) => {
        const seconds = NOW_SECONDS + offset;
        const signature = messageSigner([secret])?.('a', seconds, '{}');
        return { headers: headersOf('a', signature, seconds), body: '{}', secret };
      }),
    ];
    const now = new Date(NOW_SECONDS * 1_000);
    for (const { body, headers, secret: used } of rejected) {
      expect(() => new Webhook(used).verify(body, headers)).toThrow();
      await expect(verifySignature({ headers, body, secrets: used, now })).rejects.toMatchObject({
        name: 'SignatureError',
      });
    }
    // Control: the unmodified message is accepted.
    new Webhook(secret).verify('{}', valid);
    await verifySignature({ headers: valid, body: '{}', secrets: secret, now });
  });
});

test('does not sign without a secret', () => {
  expect(messageSigner([])).toBeUndefined();
});

test.each([
  ['not-a-secret', 'must be whsec_'],
  ['whsec_not base64', 'must be whsec_'],
  ['whsec_', 'must have at least 24 bytes'],
  [secretOf(1, 23), 'must have at least 24 bytes'],
])('rejects the secret %s', (text, error) => {
  expect(signingSecretError(text)).toContain(error);
});

test('accepts a secret of 24 to 64 bytes', () => {
  expect(signingSecretError(secretOf(1, 24))).toBeUndefined();
  expect(signingSecretError(secretOf(1, 64))).toBeUndefined();
});
