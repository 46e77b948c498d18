import { expect, test } from '@jest/globals';
import { describeAction } from './describe-action.ts';

test.each([
  [{ action: 'cancel_timers', target: null, affected: 1_200 }, 'Canceled 1,200 timers'],
  [{ action: 'pause_destination', target: 'https://a.example', affected: 1 }, 'Paused https://a.example'],
  [{ action: 'something_new', target: 'x', affected: 1 }, 'something new: x'],
  [{ action: 'something_new', target: null, affected: 1 }, 'something new'],
])('%j reads as a sentence', (action, text) => {
  expect(describeAction(action)).toBe(text);
});
