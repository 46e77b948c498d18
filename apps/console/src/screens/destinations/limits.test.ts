import { expect, test } from '@jest/globals';
import { checkLimits } from './limits.ts';

test('an empty field is no limit', () => {
  expect(checkLimits({ rate: '', inFlight: ' ' })).toEqual({
    limits: { rate_per_second: null, max_in_flight: null },
  });
  expect(checkLimits({ rate: '0.5', inFlight: '64' })).toEqual({
    limits: { rate_per_second: 0.5, max_in_flight: 64 },
  });
});

test.each(['0', '-1', '1e3', 'many', '1,5'])('a rate of %s is refused', (rate) => {
  expect(checkLimits({ rate, inFlight: '' })).toEqual({ rateError: expect.stringContaining('above 0') });
});

test.each(['0', '1.5', 'x'])('%s attempts in flight are refused', (inFlight) => {
  expect(checkLimits({ rate: '', inFlight })).toEqual({ inFlightError: expect.stringContaining('whole') });
});
