import fc from 'fast-check';

const headers = fc.option(
  fc.dictionary(fc.stringMatching(/^x-[a-z0-9]{1,8}$/), fc.stringMatching(/^[\t -~]{0,20}$/), { maxKeys: 4 }),
  { nil: null },
);
const safeNumber = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, min: -1e6, max: 1e6, noDefaultInfinity: true }),
);
const leaf = fc.oneof(fc.string({ unit: 'grapheme' }), safeNumber, fc.boolean(), fc.constant(null));
const payload = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 4 }),
  fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), leaf),
);
const character = fc.constantFrom('a', 'Z', '0', '_', '-', '/', ':', 'ü', '订', '😀');
const token = fc.string({ unit: character, minLength: 1, maxLength: 12 });
const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));

/** Valid callbacks of requests, with any combination of optional fields. */
export const callbacks = fc.oneof(
  fc.record(
    {
      type: fc.constant('http' as const),
      url: fc.webUrl({ withQueryParameters: true, withFragments: true }),
      headers,
      payload,
      timeout_ms: fc.integer({ min: 100, max: 300_000 }),
    },
    { requiredKeys: ['type', 'url'] },
  ),
  fc.record(
    {
      type: fc.constant('nats' as const),
      topic: subject,
      key: fc.option(subject, { nil: null }),
      headers,
      payload,
      jetstream: fc.boolean(),
    },
    { requiredKeys: ['type', 'topic'] },
  ),
);
