import { describe, expect, test } from '@jest/globals';
import { issuesOf } from '../testing/issues-of.ts';
import { destinationNameSchema } from './destination-name.ts';
import { pauseDestinationRequestSchema, updateDestinationRequestSchema } from './destination-requests.ts';
import { forecastQuerySchema } from './forecast.ts';

describe('the name of a destination', () => {
  test.each([
    'https://example.com',
    'http://10.0.0.1:8080',
    'http://[2001:db8::1]:8443',
    'https://example.com:80',
    'https://bücher.example',
    'nats:orders.due',
    'nats:Orders.DUE',
    `nats:${'a'.repeat(495)}`,
  ])('%s is accepted', (name) => {
    expect(destinationNameSchema.parse(name)).toBe(name);
  });

  test.each([
    ['', 'Too small: expected string to have >=1 characters'],
    ['example.com', expect.stringContaining('must be a scheme')],
    ['ftp://example.com', expect.stringContaining('must be a scheme')],
    ['https://example.com/', expect.stringContaining('must be a scheme')],
    ['https://me@example.com', expect.stringContaining('must be a scheme')],
    ['https://exa mple.com', expect.stringContaining('must be a scheme')],
    ['https://example.com:', expect.stringContaining('must be a scheme')],
    ['HTTPS://example.com', expect.stringContaining('must be a scheme')],
    ['https://Example.com', expect.stringContaining('must be in lower case')],
    ['https://example.com:443', expect.stringContaining('must not have the port 443, the default of https')],
    ['http://example.com:80', expect.stringContaining('must not have the port 80, the default of http')],
    ['nats:', expect.stringContaining('must be a scheme')],
    [`nats:${'a'.repeat(496)}`, expect.stringContaining('Too big')],
    ['https://example.com.', expect.stringContaining('must not end with a dot')],
    ['https://example.com.:8080', expect.stringContaining('must not end with a dot')],
    ['https://example.com:08080', expect.stringContaining('must be a scheme')],
    ['https://a\u0000', expect.stringContaining('must be a scheme')],
  ])('%j is rejected', (name, message) => {
    expect(issuesOf(destinationNameSchema, name)).toContainEqual(
      typeof message === 'string' ? expect.stringContaining(message) : message,
    );
  });
});

describe('limits of a destination', () => {
  test('are set, removed by null, or kept if absent', () => {
    expect(updateDestinationRequestSchema.parse({ rate_per_second: 0.5, max_in_flight: null })).toEqual({
      rate_per_second: 0.5,
      max_in_flight: null,
    });
    expect(updateDestinationRequestSchema.parse({ max_in_flight: 3 })).toEqual({ max_in_flight: 3 });
  });

  test.each([
    [{}],
    [{ rate_per_second: 0 }],
    [{ rate_per_second: -1 }],
    [{ rate_per_second: '5' }],
    [{ rate_per_second: Infinity }],
    [{ max_in_flight: 0 }],
    [{ max_in_flight: 1.5 }],
    [{ max_in_flight: 2_147_483_648 }],
    [{ max_in_flight: 1, color: 'red' }],
  ])('%j is rejected with one issue', (body) => {
    expect(issuesOf(updateDestinationRequestSchema, body)).toHaveLength(1);
  });
});

test('the note of a pause is text that PostgreSQL can store', () => {
  expect(pauseDestinationRequestSchema.parse({ note: 'maintenance' })).toEqual({ note: 'maintenance' });
  expect(issuesOf(pauseDestinationRequestSchema, { note: 'a\u0000b' })).toHaveLength(1);
  expect(issuesOf(pauseDestinationRequestSchema, { note: 'a'.repeat(1_001) })).toHaveLength(1);
});

describe('the end of a forecast', () => {
  test('is an hour from now unless given', () => {
    expect(forecastQuerySchema.parse({})).toEqual({ until: '1h' });
  });

  test.each(['1d', '31d', '2030-01-31T09:00:00Z'])('can be %s', (until) => {
    expect(forecastQuerySchema.parse({ until })).toEqual({ until });
  });

  test.each(['', '32d', '1ms', 'tomorrow', '2030-01-31', 'infinity'])('cannot be %j', (until) => {
    expect(issuesOf(forecastQuerySchema, { until })).toHaveLength(1);
  });
});
