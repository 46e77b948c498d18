import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration } from '../lib/duration.ts';
import { parseQueryString, toQueryString } from '../lib/query-string.ts';
import { parseFilterInstant, resolveFilterInstant, showFilterInstant } from './filter-instant.ts';
import { interpretSearch } from './interpret-search.ts';
import { parseMetadataFilter } from './metadata-filter.ts';
import {
  parseListAddress,
  SORTS,
  type TimerFilters,
  toBulkFilter,
  toListQuery,
  toListSearch,
  withFilter,
} from './timer-filters.ts';

const NOW = Date.parse('2026-11-26T03:00:00.000Z');

const instant = fc.oneof(
  fc.constant('now'),
  fc
    .tuple(fc.constantFrom('+', '-'), fc.integer({ min: 1, max: 4_000_000_000 }))
    .map(([sign, ms]) => `${sign}${formatDuration(ms)}`),
  fc
    .date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString()),
);
const text = fc.string({ minLength: 1, unit: 'binary' });
const filters: fc.Arbitrary<TimerFilters> = fc.record(
  {
    status: fc.constantFrom('pending', 'executing', 'completed', 'failed', 'canceled'),
    callback_type: fc.constantFrom('http', 'nats'),
    destination: text,
    due_from: instant,
    due_before: instant,
    created_from: instant,
    created_before: instant,
    metadata: fc.dictionary(fc.string(), fc.jsonValue()).map((object) => JSON.stringify(object)),
    last_error: text,
    schedule: text,
    key: text,
  },
  { requiredKeys: [] },
);

describe('filters in the address', () => {
  test('are read from the address as they were written to it', () => {
    fc.assert(
      fc.property(filters, fc.option(fc.constantFrom(...SORTS), { nil: undefined }), (wanted, sort) => {
        const address = toQueryString(toListSearch(wanted, sort));
        expect(parseListAddress(parseQueryString(address))).toEqual({ filters: wanted, sort, problems: [] });
      }),
    );
  });

  test('become a bulk request with the same metadata and without the status', () => {
    fc.assert(
      fc.property(filters, (wanted) => {
        const body = toBulkFilter(wanted, NOW);
        expect(Object.keys(body).sort()).toEqual(
          Object.keys(wanted)
            .filter((name) => name !== 'status')
            .sort(),
        );
        if (wanted.metadata !== undefined) expect(body['metadata']).toEqual(JSON.parse(wanted.metadata));
      }),
    );
  });

  test('that make no sense are named, so that nothing is listed or changed without them', () => {
    const { filters: read, problems } = parseListAddress({
      status: 'broken',
      due_from: 'tomorrow',
      metadata: '[1]',
      key: 'order-42',
      sort: 'name',
    });
    expect(read).toEqual({ key: 'order-42' });
    expect(problems).toEqual(['status', 'due_from', 'metadata', 'sort']);
  });

  test('are asked for with instants, counted from now', () => {
    const address = {
      filters: { status: 'pending', due_before: '+15m', due_from: '-1h' },
      sort: 'due',
    } as const;
    expect(toListQuery(address, NOW)).toEqual({
      status: 'pending',
      due_from: '2026-11-26T02:00:00.000Z',
      due_before: '2026-11-26T03:15:00.000Z',
      sort: 'execute_at',
      order: 'asc',
    });
  });

  test('can be changed one by one', () => {
    expect(withFilter({ key: 'a', status: 'failed' }, 'key', undefined)).toEqual({ status: 'failed' });
    expect(withFilter({ key: 'a' }, 'key', 'b')).toEqual({ key: 'b' });
  });
});

describe('an instant of a filter', () => {
  test.each([
    ['now', 'now'],
    ['-1h', '-1h'],
    ['− 90m', '-1h30m'],
    ['+0s', 'now'],
    ['2026-11-26 04:00', '2026-11-26T03:00:00.000Z'],
    ['2026-11-26T04:00:00+02:00', '2026-11-26T02:00:00.000Z'],
    ['tomorrow', undefined],
    ['+', undefined],
    ['+999999999999999d', undefined],
  ])('%j, typed in Berlin, is %s', (typed, expected) => {
    expect(parseFilterInstant(typed, 'Europe/Berlin')).toBe(expected);
  });

  test('is shown so that it can be read again', () => {
    fc.assert(
      fc.property(instant, (at) => {
        // In UTC: elsewhere a time that comes twice in autumn is ambiguous.
        expect(parseFilterInstant(showFilterInstant(at, 'UTC'), 'UTC')).toBe(at);
      }),
    );
  });

  test('stays within the years of the API', () => {
    expect(resolveFilterInstant('+2000000d', Date.parse('9000-01-01'))).toBe('9999-12-31T23:59:59.999Z');
  });
});

test.each([
  ['{"team": "billing"}', '{"team": "billing"}'],
  ['team=billing', '{"team":"billing"}'],
  ['team=billing, order=42, urgent=true', '{"team":"billing","order":42,"urgent":true}'],
  ['order="42"', '{"order":"42"}'],
  ['__proto__=1', '{"__proto__":1}'],
  ['[1]', undefined],
  ['billing', undefined],
  ['team=', undefined],
])('%j as metadata is %s', (typed, json) => {
  expect(parseMetadataFilter(typed)).toBe(json);
});

test.each([
  ['  ', undefined],
  ['019AB3C4-6E0F-7C11-9A51-0B2D5F5F3C5E', { kind: 'timer', id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e' }],
  ['https://Example.com:443/hook?a=b', { kind: 'filter', name: 'destination', value: 'https://example.com' }],
  ['http://me:secret@10.0.0.1:8080/', { kind: 'filter', name: 'destination', value: 'http://10.0.0.1:8080' }],
  ['nats:orders.due', { kind: 'filter', name: 'destination', value: 'nats:orders.due' }],
  ['team=billing', { kind: 'filter', name: 'metadata', value: '{"team":"billing"}' }],
  ['order-42', { kind: 'filter', name: 'key', value: 'order-42' }],
  ['HTTP 503', { kind: 'filter', name: 'last_error', value: 'HTTP 503' }],
])('a search for %j leads to %j', (typed, target) => {
  expect(interpretSearch(typed)).toEqual(target);
});
