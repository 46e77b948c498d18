import { describe, expect, test } from '@jest/globals';
import { shortageReason } from './connection-error.ts';

function connectError(code: string, address: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'connect', address });
}

describe('shortageReason', () => {
  test.each([
    ['EMFILE', 'could not open a connection: too many open files'],
    ['ENFILE', 'could not open a connection: too many open files'],
    ['ENOBUFS', 'could not open a connection: out of memory'],
    ['EADDRNOTAVAIL', 'could not open a connection: no local port is free'],
    ['EINVAL', 'could not open a connection: no local port is free'],
  ])('names the shortage of %s', (code, reason) => {
    expect(shortageReason(connectError(code, '192.0.2.1'))).toBe(reason);
  });

  test('finds the shortage among errors of several addresses', () => {
    const errors = [connectError('ECONNREFUSED', '192.0.2.1'), connectError('EMFILE', '2001:db8::1')];
    const error = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });
    expect(shortageReason(error)).toBe('could not open a connection: too many open files');
  });

  test.each([
    ['a refused connection', connectError('ECONNREFUSED', '192.0.2.1')],
    ['a machine without IPv6', connectError('EADDRNOTAVAIL', '2001:db8::1')],
    ['a link-local address without a zone', connectError('EINVAL', 'fe80::1')],
    ['an EINVAL of something else', Object.assign(new Error('a'), { code: 'EINVAL' })],
    ['no error', undefined],
  ])('is undefined for %s', (_, error) => {
    expect(shortageReason(error)).toBeUndefined();
  });
});
