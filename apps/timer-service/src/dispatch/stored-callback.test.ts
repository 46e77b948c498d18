import { describe, expect, test } from '@jest/globals';
import { createCallbackReader, type DecryptHeaders } from './stored-callback.ts';

const PLAIN: DecryptHeaders = (_, config) => ({ ok: true, config });

function createReader(decryptHeaders = PLAIN) {
  const destinations: string[] = [];
  const read = createCallbackReader(decryptHeaders, ({ type }) => {
    destinations.push(type);
    return { name: type, endpoint: type, route: 'route' };
  });
  return { read: (id: string, callbackConfig: string) => read({ id, callbackConfig }), destinations };
}

const HTTP = '{"type":"http","url":"http://receiver.test/"}';

describe('createCallbackReader', () => {
  test('parses a stored callback and finds its destination', () => {
    expect(createReader().read('timer', HTTP)).toEqual({
      kind: 'readable',
      callback: { type: 'http', url: 'http://receiver.test/', headers: {} },
      destination: { name: 'http', endpoint: 'http', route: 'route' },
    });
  });

  test('timers with the same text share the result', () => {
    const { read, destinations } = createReader();
    expect(read('a', HTTP)).toBe(read('b', HTTP));
    expect(destinations).toHaveLength(1);
  });

  test('callbacks with other texts do not', () => {
    const { read } = createReader();
    const other = '{"type":"http","url":"http://receiver.test/other"}';
    expect(read('a', HTTP)).not.toEqual(read('b', other));
  });

  test('keeps no more than some results: a callback is read again after very many others', () => {
    const { read, destinations } = createReader();
    read('a', HTTP);
    for (let n = 0; n < 1_000; n += 1) read('a', `{"type":"http","url":"http://receiver.test/${n}"}`);
    read('a', HTTP);
    expect(destinations).toHaveLength(1_002);
  });

  test('keeps no result of a long text', () => {
    const { read, destinations } = createReader();
    const long = `{"type":"http","url":"http://receiver.test/","headers":{"x":"${'x'.repeat(5_000)}"}}`;
    read('a', long);
    read('b', long);
    expect(destinations).toHaveLength(2);
  });

  test('decrypts the headers of each timer, although the texts are the same', () => {
    const { read } = createReader((id) => ({
      ok: true,
      config: { type: 'http', url: 'http://receiver.test/', headers: { id } },
    }));
    expect(read('a', HTTP)).toMatchObject({ callback: { headers: { id: 'a' } } });
    expect(read('b', HTTP)).toMatchObject({ callback: { headers: { id: 'b' } } });
  });

  test('headers that cannot be decrypted make it unreadable', () => {
    const { read } = createReader(() => ({ ok: false, reason: 'no key' }));
    expect(read('timer', HTTP)).toEqual({ kind: 'unreadable', reason: 'no key' });
  });

  test.each([
    ['JSON null', 'null', 'callback_config cannot be parsed: '],
    ['a callback that is no object', '"http"', 'callback_config cannot be parsed: '],
    ['an unknown type', '{"type":"fax"}', 'callback_config cannot be parsed: type '],
    ['no URL', '{"type":"http"}', 'callback_config cannot be parsed: url '],
  ])('%s is unreadable', (_, text, start) => {
    const result = createReader().read('timer', text);
    expect(result.kind === 'unreadable' && result.reason).toMatch(new RegExp(`^${start}.`));
  });
});
