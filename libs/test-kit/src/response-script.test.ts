import { describe, expect, test } from '@jest/globals';
import { isQuietSuccess, responseStep } from './response-script.ts';

describe('responseStep', () => {
  test('gives a response what it leaves out', () => {
    expect(responseStep(503)).toEqual({ kind: 'respond', status: 503, headers: {}, body: '', afterMs: 0 });
    expect(responseStep(undefined)).toEqual(responseStep(200));
    expect(responseStep({ status: 200, body: 'late', after: '45s' })).toMatchObject({
      body: 'late',
      afterMs: 45_000,
    });
    expect(responseStep('cut')).toEqual({ kind: 'cut' });
  });

  test.each([[99], [101], [600], [200.5], [Number.NaN]])('refuses the status %d', (status) => {
    expect(() => responseStep(status)).toThrow('A response must have a status from 200 to 599');
  });

  test('refuses a delay that is not a duration', () => {
    expect(() => responseStep({ status: 200, after: 'soon' })).toThrow(
      'after must be a duration such as "45s"',
    );
  });
});

test('only a success without a delay changes nothing that is due later', () => {
  const steps = [
    responseStep(200),
    responseStep(204),
    responseStep(500),
    responseStep({ status: 200, after: '1s' }),
  ];
  expect([...steps, responseStep('hang'), { kind: 'ask' } as const].map(isQuietSuccess)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
