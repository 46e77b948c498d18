import { expect, test } from '@jest/globals';
import { isLoopback, type RequestOrigin, whyForeign } from './request-origin.ts';

const change: RequestOrigin = {
  method: 'POST',
  protocol: 'https',
  host: 'timers.example.com',
  origin: 'https://timers.example.com',
  fetchSite: 'same-origin',
  consoleHeader: '1',
};
const read: RequestOrigin = { ...change, method: 'GET', origin: undefined, consoleHeader: undefined };
/** A browser that does not send Sec-Fetch-Site, as all do over plain HTTP. */
const old = { fetchSite: undefined };

test.each<[string, RequestOrigin]>([
  ['a change by the console', change],
  ['a read by the console', read],
  ['an address that the user typed', { ...read, fetchSite: 'none' }],
  ['a change in a browser without Sec-Fetch-Site', { ...change, ...old }],
  ['a read in a browser without Sec-Fetch-Site', { ...read, ...old }],
  ['the default port in the Host', { ...change, ...old, host: 'timers.example.com:443' }],
  ['another case of the Host', { ...change, ...old, host: 'Timers.Example.COM' }],
  ['a program without Origin that knows the header', { ...change, ...old, origin: undefined }],
])('accepts %s', (_, request) => {
  expect(whyForeign(request)).toBeUndefined();
});

test.each<[string, RequestOrigin, RegExp]>([
  ['a change of another site', { ...change, fetchSite: 'cross-site' }, /another origin/],
  ['a change of a sibling host', { ...change, fetchSite: 'same-site' }, /another origin/],
  ['a change by a link or form of nobody', { ...change, fetchSite: 'none' }, /another origin/],
  ['a read of another site', { ...read, fetchSite: 'cross-site' }, /another origin/],
  ['a value of Sec-Fetch-Site that nobody knows', { ...read, fetchSite: 'same-origin, x' }, /another/],
  ['another Origin', { ...change, ...old, origin: 'https://evil.example' }, /evil.example is not https:/],
  ['another Origin of a read', { ...read, ...old, origin: 'https://evil.example' }, /is not/],
  ['the Origin of another port', { ...change, ...old, origin: 'https://timers.example.com:8443' }, /is not/],
  ['the Origin of plain HTTP', { ...change, ...old, origin: 'http://timers.example.com' }, /is not/],
  ['the Origin null', { ...change, ...old, origin: 'null' }, /is not/],
  ['an Origin that begins alike', { ...change, ...old, origin: 'https://timers.example.com.evil' }, /is not/],
  ['a Host that is no host', { ...change, ...old, host: 'a b' }, /is not known/],
  ['a change without the header', { ...change, consoleHeader: undefined }, /x-timer-console: 1/],
  ['a change with two of the header', { ...change, consoleHeader: '1, 1' }, /x-timer-console: 1/],
  ['a DELETE without the header', { ...change, method: 'DELETE', consoleHeader: '0' }, /x-timer-console/],
])('refuses %s', (_, request, why) => {
  expect(whyForeign(request)).toMatch(why);
});

test('an Origin of any length makes a short message', () => {
  expect(whyForeign({ ...change, ...old, origin: `https://${'a'.repeat(9_000)}` })?.length).toBeLessThan(500);
});

test.each([
  ['localhost', true],
  ['localhost:8080', true],
  ['console.localhost:8080', true],
  ['127.0.0.1:8080', true],
  ['127.9.9.9', true],
  ['[::1]:8080', true],
  ['LOCALHOST', true],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['10.0.0.1', false],
  ['[::2]', false],
  ['', false],
])('the host %j is on this machine: %j', (host, loopback) => {
  expect(isLoopback({ protocol: 'http', host })).toBe(loopback);
});
