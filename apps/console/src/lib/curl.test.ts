import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { API_KEY_HEADER, curlOf } from './curl.ts';

/** The arguments that a shell hands to curl. */
function argumentsOf(command: string, environment: Record<string, string> = {}): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
  const output = execFileSync('/bin/sh', ['-c', script], { env: environment, encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

test('shows a request as a command over several lines', () => {
  expect(
    curlOf({
      method: 'POST',
      url: 'http://localhost:3000/timers',
      headers: API_KEY_HEADER,
      body: { delay: '3s' },
    }),
  ).toBe(
    `curl http://localhost:3000/timers \\
  -H "X-API-Key: $TIMER_API_KEY" \\
  -H 'Content-Type: application/json' \\
  --data-raw '{
  "delay": "3s"
}'`,
  );
});

test('names the method where curl would choose another', () => {
  expect(curlOf({ method: 'GET', url: 'http://a.example/' })).toBe('curl http://a.example/');
  expect(curlOf({ method: 'POST', url: 'http://a.example/' })).toBe('curl -X POST http://a.example/');
  expect(argumentsOf(curlOf({ method: 'PUT', url: 'http://a.example/', body: 1 })).slice(0, 3)).toEqual([
    '-X',
    'PUT',
    'http://a.example/',
  ]);
});

test('the shell expands the key and nothing else', () => {
  const command = curlOf({
    method: 'GET',
    url: 'http://a.example/',
    headers: { ...API_KEY_HEADER, A: '$HOME `id`' },
  });
  expect(argumentsOf(command, { TIMER_API_KEY: 'k', HOME: '/h' })).toEqual([
    'http://a.example/',
    '-H',
    'X-API-Key: k',
    '-H',
    'A: $HOME `id`',
  ]);
});

test('a shell gives back any payload and any header', () => {
  const text = fc
    .string({ unit: 'binary', maxLength: 40 })
    .filter((value) => !value.includes('\0') && value.isWellFormed());
  fc.assert(
    fc.property(text, fc.stringMatching(/^[ -~]{0,20}$/), (payload, value) => {
      const command = curlOf({
        method: 'POST',
        url: 'http://a.example/',
        headers: { 'x-a': `v${value}` },
        body: { payload },
      });
      const [, , header, , , , body = ''] = argumentsOf(command);
      expect(header).toBe(`x-a: v${value}`);
      expect(JSON.parse(body)).toEqual({ payload });
    }),
    { numRuns: 40 },
  );
});
