import { expect, test } from '@jest/globals';
import { issuesOf } from '../testing/issues-of.ts';
import { retryPolicySchema } from './retry-policy.ts';

test.each<[object, object]>([
  [{}, {}],
  [{ max_attempts: 1 }, { max_attempts: 1 }],
  [{ delays: ['1s', '5m', '1h'] }, { delays: ['1s', '5m', '1h'] }],
  [
    { max_attempts: 100, exponential: { initial: '1s', max: '1h' }, give_up_after: '7d' },
    { max_attempts: 100, exponential: { initial: '1s', factor: 2, max: '1h' }, give_up_after: '7d' },
  ],
  [
    { exponential: { initial: '60s', factor: 1.5, max: '1m' } },
    { exponential: { initial: '60s', factor: 1.5, max: '1m' } },
  ],
])('retryPolicySchema accepts %j', (input, policy) => {
  expect(retryPolicySchema.parse(input)).toEqual(policy);
  expect(retryPolicySchema.parse(policy)).toEqual(policy);
});

test.each<[unknown, string[]]>([
  [{ max_attempts: 0 }, ['max_attempts: Too small: expected number to be >=1']],
  [{ max_attempts: 101 }, ['max_attempts: Too big: expected number to be <=100']],
  [{ max_attempts: 1.5 }, ['max_attempts: Invalid input: expected int, received number']],
  [{ max_attempts: '3' }, ['max_attempts: Invalid input: expected number, received string']],
  [{ delays: [] }, ['delays: Too small: expected array to have >=1 items']],
  [{ delays: Array(101).fill('1s') }, ['delays: Too big: expected array to have <=100 items']],
  [{ delays: ['1s', '5'] }, ['delays.1: must be a duration such as "250ms", "90s" or "1d12h"']],
  [{ delays: ['0s'] }, ['delays.0: must be between 1 ms and 3155760000000 ms, got 0 ms']],
  [{ delays: '1s' }, ['delays: Invalid input: expected array, received string']],
  [
    { delays: ['1s'], exponential: { initial: '1s', max: '1h' } },
    ['exponential: cannot be combined with delays'],
  ],
  [
    { exponential: { initial: '1s' } },
    ['exponential.max: Invalid input: expected string, received undefined'],
  ],
  [{ exponential: { initial: '1h', max: '59m59s' } }, ['exponential.max: must not be shorter than initial']],
  [
    { exponential: { initial: 'x', max: '1h' } },
    ['exponential.initial: must be a duration such as "250ms", "90s" or "1d12h"'],
  ],
  [
    { exponential: { initial: '1s', factor: 0.5, max: '1h' } },
    ['exponential.factor: Too small: expected number to be >=1'],
  ],
  [
    { exponential: { initial: '1s', factor: 101, max: '1h' } },
    ['exponential.factor: Too big: expected number to be <=100'],
  ],
  [{ exponential: { initial: '1s', max: '1h', jitter: 1 } }, ['exponential: Unrecognized key: "jitter"']],
  [{ give_up_after: '1w' }, ['give_up_after: must be a duration such as "250ms", "90s" or "1d12h"']],
  [{ attempts: 3 }, [': Unrecognized key: "attempts"']],
  [null, [': Invalid input: expected object, received null']],
  [3, [': Invalid input: expected object, received number']],
])('retryPolicySchema rejects %j', (value, issues) => {
  expect(issuesOf(retryPolicySchema, value)).toEqual(issues);
});
