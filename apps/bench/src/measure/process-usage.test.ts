import { expect, test } from '@jest/globals';
import { cpuSeconds, parseStat, peakResidentMib, serverCpuSeconds } from './process-usage.ts';

test('parseStat accepts a process name with parentheses and spaces', () => {
  const line = '4242 (a (b) c) S 17 4242 4242 0 -1 4194304 1 2 3 4 250 150 30 20 20 0 1 0 100 0 0';
  expect(parseStat(line)).toEqual({
    name: 'a (b) c',
    parentPid: 17,
    ownSeconds: 4,
    endedChildrenSeconds: 0.5,
  });
});

test('the figures of a process that does not exist are NaN', () => {
  expect(cpuSeconds(2 ** 22 + 1)).toBeNaN();
  expect(serverCpuSeconds(2 ** 22 + 1)).toBeNaN();
  expect(peakResidentMib(2 ** 22 + 1)).toBeNaN();
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('this process has used CPU time and memory', () => {
  const { user, system } = process.cpuUsage();
  expect(cpuSeconds(process.pid)).toBeGreaterThan(((user + system) / 1e6) * 0.5);
  expect(peakResidentMib(process.pid)).toBeGreaterThan(10);
});
