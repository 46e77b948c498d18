import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import type { Attempt, Timer } from '@timer-platform/callback-types';
import fc from 'fast-check';
import { curlOfCallback, curlToRead, curlToStore } from './curl.ts';
import { retryInWords } from './retry-in-words.ts';
import { hasMask } from './secrets.ts';
import { refetchAfter, timelineOf } from './timeline.ts';
import { type EditForm, editFormOf, errorsByField, readEditForm } from './timer-edit.ts';

const NOW = Date.parse('2030-01-31T08:30:00Z');
const TIMER: Timer = {
  id: '0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5d',
  created_at: '2030-01-31T08:00:00.000Z',
  execute_at: '2030-01-31T09:00:00.000Z',
  callback_type: 'http',
  status: 'pending',
  executed_at: null,
  due_at: '2030-01-31T09:00:00.000Z',
  destination: 'https://example.com',
  attempts: 0,
  last_error: null,
  key: null,
  paused: false,
  updated_at: '2030-01-31T08:00:00.000Z',
  callback: { type: 'http', url: 'https://example.com/hook', payload: { order: 42 } },
  metadata: { team: 'billing' },
  attempted_at: null,
  lateness_ms: null,
  retry: null,
  expires_at: null,
};
const at = (second: number) => new Date(Date.parse('2030-01-31T09:00:00Z') + second * 1_000).toISOString();
const failure = (number: number): Attempt => ({
  number,
  due_at: at(number * 10),
  started_at: at(number * 10 + 1),
  finished_at: at(number * 10 + 3),
  duration_ms: 2_000,
  outcome: 'failed',
  status_code: 503,
  error: 'HTTP 503',
});
const labels = (timer: Partial<Timer>, attempts: readonly Attempt[] = [], whole = false) =>
  timelineOf({ ...TIMER, ...timer }, attempts, whole).map((event) =>
    event.kind === 'left-out' ? `(${event.attempts} left out)` : event.label,
  );

describe('the timeline', () => {
  test('of a pending timer ends with what is to come', () => {
    const events = timelineOf({ ...TIMER, expires_at: '2030-01-31T10:00:00.000Z' }, []);
    expect(events).toMatchObject([
      { label: 'Created', future: false, after: null },
      { label: 'Due', future: true, after: 3_600_000 },
      { label: 'Expires', future: true, after: 3_600_000 },
    ]);
  });

  test('has due, sent and settled of every attempt, with the time between', () => {
    const events = timelineOf({ ...TIMER, due_at: at(60), attempts: 2, attempted_at: at(21) }, [
      failure(1),
      failure(2),
    ]);
    expect(events.map((event) => ('label' in event ? [event.label, event.after] : []))).toEqual([
      ['Created', null],
      ['Due', 3_610_000],
      ['Attempt 1 sent', 1_000],
      ['Attempt 1 failed', 2_000],
      ['Due', 7_000],
      ['Attempt 2 sent', 1_000],
      ['Attempt 2 failed', 2_000],
      ['Next attempt', 37_000],
    ]);
  });

  test('of a completed timer ends with its delivery, whether or not that attempt is listed', () => {
    const completed = { status: 'completed', attempts: 1, attempted_at: at(0), executed_at: at(1) } as const;
    expect(labels(completed)).toEqual(['Created', 'Due', 'Attempt 1 sent', 'Delivered']);
    expect(labels(completed, [{ ...failure(1), outcome: 'delivered', started_at: at(0) }])).toEqual([
      'Created',
      'Due',
      'Attempt 1 sent',
      'Delivered',
    ]);
  });

  test('says that a dispatcher holds the timer, and that its destination is paused', () => {
    expect(labels({ status: 'executing' })).toEqual(['Created', 'Due', 'Claimed by a dispatcher']);
    expect(timelineOf({ ...TIMER, paused: true }, []).at(-1)).toMatchObject({
      label: 'Due',
      detail: 'Waits: its destination is paused.',
    });
  });

  test('of many attempts leaves out those in the middle, unless all are asked for', () => {
    const attempts = Array.from({ length: 100 }, (_, index) => failure(index + 1));
    const short = labels({ status: 'failed', executed_at: at(1_003) }, attempts);
    expect(short).toHaveLength(1 + 9 + 1 + 9 + 1);
    expect(short[10]).toBe('(94 left out)');
    expect(short.at(-1)).toBe('Failed for good');
    expect(labels({ status: 'failed', executed_at: at(1_003) }, attempts, true)).toHaveLength(302);
  });
});

test.each([
  [{ status: 'completed' }, false],
  [{ status: 'executing' }, 1_000],
  [{ due_at: 'infinity' }, 60_000],
  [{ due_at: '2030-01-31T08:30:10Z' }, 5_000],
  [{ due_at: '2040-01-31T08:30:10Z' }, 30_000],
  [{ paused: true }, 5_000],
] as const)('a timer with %j is read again after %s ms', (timer, ms) => {
  expect(refetchAfter({ ...TIMER, ...timer }, NOW)).toBe(ms);
});

test.each([
  [null, 'The default: ten attempts in about 16 hours, from five seconds to eight hours apart.'],
  [{ max_attempts: 1 }, 'One attempt, no retries.'],
  [{ max_attempts: 3, delays: ['5s'] }, 'At most 3 attempts. Retries come after 5 s each.'],
  [
    { max_attempts: 9, delays: ['5s', '1m', '1h30m'] },
    'At most 9 attempts. Retries come after 5 s, 1 min, 1 h 30 min; the last delay repeats.',
  ],
  [
    { max_attempts: 100, exponential: { initial: '1s', factor: 2, max: '1h' }, give_up_after: '7d' },
    'At most 100 attempts. The first retry comes after 1 s, each further one after 2 times as long, at most 1 h. No attempt starts later than 7 d after it was due.',
  ],
])('%j in words', (policy, text) => {
  expect(retryInWords(policy)).toBe(text);
});

/** What a shell makes of the words of a command. */
function wordsOf(command: string, environment: Record<string, string> = {}): string[] {
  const script = command.replace(/^curl/, 'printf "%s\\0"');
  return execFileSync('sh', ['-c', script], { env: environment }).toString().split('\0').slice(0, -1);
}

describe('curl', () => {
  test('reads the timer with the variable of the key', () => {
    expect(curlToRead('https://timers.example/api', TIMER.id)).toBe(
      `curl -s 'https://timers.example/api/timers/${TIMER.id}' \\\n  -H "X-API-Key: $API_KEY"`,
    );
  });

  test('stores a timer with variables in place of secrets', () => {
    const callback = {
      type: 'http',
      url: 'https://example.com/hook?token=t0p&a=b',
      headers: { Authorization: 'Bearer 3f1c', 'Api-Key': '***', 'X-Order': "it's" },
      payload: { text: '$HOME `id`' },
    } as const;
    const command = curlToStore('http://localhost', { ...TIMER, callback }, NOW);
    expect(command).not.toContain('3f1c');
    expect(command).not.toContain('t0p');
    const words = wordsOf(command, { SECRET_AUTHORIZATION: 'A', SECRET_API_KEY: 'B', SECRET_TOKEN: 'C' });
    expect(JSON.parse(words.at(-1) ?? '')).toEqual({
      execute_at: TIMER.execute_at,
      callback: {
        type: 'http',
        url: 'https://example.com/hook?token=C&a=b',
        headers: { Authorization: 'A', 'Api-Key': 'B', 'X-Order': "it's" },
        payload: { text: '$HOME `id`' },
      },
      metadata: { team: 'billing' },
    });
  });

  test('of the callback has its URL, headers and payload', () => {
    const callback = { ...TIMER.callback, headers: { Cookie: 'a', 'X-A': 'b' } } as Timer['callback'];
    expect(wordsOf(curlOfCallback(callback) ?? '', { SECRET_COOKIE: 'c' })).toEqual([
      ...['-i', '-X', 'POST', 'https://example.com/hook'],
      ...['-H', 'Cookie: c', '-H', 'X-A: b', '-H', 'Content-Type: application/json', '-d', '{"order":42}'],
    ]);
    expect(curlOfCallback({ type: 'nats', topic: 'a' })).toBeUndefined();
  });

  test('passes any payload on unchanged, also one that looks like a variable or a mark', () => {
    // Each run starts a shell.
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', 'a', 'é', '\uFFFF', '!', '*') }),
      fc.constant('\uFFFFSECRET_A\uFFFF'),
    );
    fc.assert(
      fc.property(text, (payload) => {
        const words = wordsOf(
          curlToStore('http://a', { ...TIMER, callback: { type: 'nats', topic: 'a', payload } }, NOW),
        );
        expect(JSON.parse(words.at(-1) ?? '')).toMatchObject({ callback: { payload } });
      }),
      { numRuns: 30 },
    );
  });
});

describe('the form to edit', () => {
  const before = editFormOf(TIMER, 'Europe/Berlin');
  const read = (change: Partial<EditForm>) => readEditForm({ ...before, ...change }, before, 'Europe/Berlin');

  test('shows the instant in the zone, and asks for nothing if nothing was changed', () => {
    expect(before.executeAt).toBe('2030-01-31T10:00:00');
    expect(read({})).toEqual({ body: {}, errors: null });
  });

  test('asks for what was changed', () => {
    expect(
      read({ executeAt: '2030-01-31T11:00', metadata: '', retry: '{"max_attempts": 1}', expiresAt: '' }),
    ).toEqual({
      body: { execute_at: '2030-01-31T10:00:00.000Z', metadata: null, retry: { max_attempts: 1 } },
      errors: null,
    });
  });

  test('refuses what cannot be read, and masks in place of secrets', () => {
    expect(read({ executeAt: '', callback: '', metadata: '{' }).errors).toEqual({
      executeAt: 'A date and a time',
      callback: 'A callback is required',
      metadata: expect.stringMatching(/^No JSON: /) as unknown,
    });
    const masked = JSON.stringify({ type: 'http', url: 'https://a', headers: { Authorization: '***' } });
    expect(read({ callback: masked }).errors?.callback).toMatch(/masked/);
  });

  test('shows what the service says at the fields', () => {
    expect(
      errorsByField([
        { path: 'callback.url', message: 'must be an absolute URL' },
        { path: 'callback.color', message: 'unknown field' },
        { path: 'execute_at', message: 'must be in the future' },
        { path: 'body', message: 'too deep' },
      ]),
    ).toEqual({
      errors: {
        callback: 'url: must be an absolute URL; color: unknown field',
        executeAt: 'must be in the future',
      },
      others: [{ path: 'body', message: 'too deep' }],
    });
  });
});

test.each([
  [{ type: 'http', url: 'https://a?token=***' }, true],
  [{ type: 'http', url: 'https://a', headers: { Cookie: '***' } }, true],
  [{ type: 'http', url: 'https://a', headers: '***' }, true],
  [{ type: 'http', url: 'https://a', payload: { url: '***', headers: '***' } }, false],
])('whether %j has a mask: %s', (callback, expected) => {
  expect(hasMask(callback)).toBe(expected);
});
