import { expect, test } from '@jest/globals';
import { SettingsRecorder } from './settings-recorder.ts';

test('repeats until it succeeds, and reports the first failure only', async () => {
  const errors: unknown[] = [];
  let calls = 0;
  await new Promise<void>((resolve) => {
    const recorder = new SettingsRecorder({
      record: () => {
        calls += 1;
        if (calls < 3) return Promise.reject(new Error(`failure ${calls}`));
        resolve();
        return Promise.resolve();
      },
      onError: (error) => errors.push(error),
      retryMs: 1,
    });
    recorder.start();
    recorder.recordSoon();
  });
  expect(errors).toEqual([new Error('failure 1')]);
});

test('records once more what changed in the meantime', async () => {
  let calls = 0;
  await new Promise<void>((resolve) => {
    const recorder = new SettingsRecorder({
      record: () => {
        calls += 1;
        if (calls === 1) recorder.recordSoon();
        else resolve();
        return Promise.resolve();
      },
      onError: () => undefined,
    });
    recorder.start();
    recorder.recordSoon();
  });
  expect(calls).toBe(2);
});

test('a stop ends the wait for the next try', async () => {
  const failed = new Promise<void>((resolve) => {
    const recorder = new SettingsRecorder({
      record: () => Promise.reject(new Error('unreachable')),
      onError: () => {
        resolve(recorder.stop());
      },
      retryMs: 3_600_000,
    });
    recorder.start();
    recorder.recordSoon();
  });
  await expect(failed).resolves.toBeUndefined();
});

test.each([
  ['what was due before, once', 2, 1],
  ['nothing if nothing is due', 0, 0],
])('the start records %s', async (_, timesDue, expected) => {
  let calls = 0;
  const recorder = new SettingsRecorder({
    record: () => {
      calls += 1;
      return Promise.resolve();
    },
    onError: () => undefined,
  });
  for (let n = 0; n < timesDue; n++) recorder.recordSoon();
  expect(calls).toBe(0);
  recorder.start();
  await recorder.stop();
  expect(calls).toBe(expected);
});
