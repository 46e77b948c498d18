import { expect, test } from '@jest/globals';
import { storedHttpCallbackSchema } from '@timer-platform/callback-types';
import type { Destination } from '../transport.ts';
import { cachedHttpTargets } from './http-target.ts';

const targetOf = cachedHttpTargets({ allowed: [], deniedPorts: new Set(), allowLoopback: true });

function destinationOf(url: string, timeoutMs = 30_000): Destination {
  return targetOf(storedHttpCallbackSchema.parse({ type: 'http', url }).url).destinationFor(timeoutMs);
}

test.each([
  ['https://user:pw@EXAMPLE.com:443/a?b', 'https://example.com'],
  ['http://example.com.:8080/', 'http://example.com:8080'],
  ['http://[::1]:80/', 'http://[::1]'],
  ['http://2130706433/', 'http://127.0.0.1'],
])('the endpoint of %s is %s', (url, endpoint) => {
  expect(destinationOf(url).endpoint).toBe(endpoint);
});

test.each([
  ['', '/'],
  ['/hooks/orders?id=42', '/hooks/orders'],
  ['/orders/42/paid', '/orders/*/paid'],
  ['/orders/42a/paid', '/orders/42a/paid'],
  ['/c/7f0c1d9e-3b1a-4c57-9a65-2f6f6d0f8a11', '/c/*'],
  ['/a-long-name-without-a-digit', '/a-long-name-without-a-digit'],
  ['/v2/', '/v2/'],
])('the route of the path %s is %s', (path, route) => {
  expect(destinationOf(`https://example.com${path}`).route).toBe(`https://example.com${route} >=30s`);
});

test('a route has a bounded length', () => {
  expect(destinationOf(`https://example.com/${'a/'.repeat(3_000)}`).route.length).toBeLessThan(300);
});

test.each([
  [100, '<1s'],
  [999, '<1s'],
  [1_000, '<3s'],
  [9_999, '<10s'],
  [29_999, '<30s'],
  [30_000, '>=30s'],
  [300_000, '>=30s'],
])('a timeout of %i ms belongs to the class %s', (timeoutMs, name) => {
  expect(destinationOf('https://example.com/', timeoutMs)).toEqual({
    name: 'https://example.com',
    endpoint: 'https://example.com',
    route: `https://example.com/ ${name}`,
  });
});

test('callbacks without a valid URL share a destination', () => {
  expect(targetOf('ftp://example.com').destinationFor(1)).toEqual(targetOf('').destinationFor(30_000));
});
