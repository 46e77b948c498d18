import { expect, test } from '@jest/globals';
import { VirtualTimeline } from './virtual-timeline.ts';

test('calls whoever waited for an instant, in order, and not before', () => {
  const timeline = new VirtualTimeline(1_000);
  const calls: string[] = [];
  timeline.after(50, () => calls.push('later'));
  timeline.after(10, () => calls.push('sooner'));
  const cancel = timeline.after(20, () => calls.push('canceled'));
  timeline.moveTo(1_009);
  expect(calls).toEqual([]);
  cancel();
  timeline.moveTo(1_050);
  expect(calls).toEqual(['sooner', 'later']);
  timeline.moveTo(2_000);
  expect(calls).toHaveLength(2);
});

test('who waits again while being called is called again if that instant has come, too', () => {
  const timeline = new VirtualTimeline(0);
  let calls = 0;
  const call = () => {
    calls += 1;
    if (calls < 3) timeline.after(0, call);
  };
  timeline.after(5, call);
  timeline.moveTo(5);
  expect(calls).toBe(3);
});

test('never goes back', () => {
  const timeline = new VirtualTimeline(100);
  timeline.moveTo(50);
  expect([
    timeline.nowMs,
    timeline.clock.wallMs(),
    timeline.databaseClock.at(timeline.clock.monotonicMs()),
  ]).toEqual([100, 100, 100]);
});
