import { describe, expect, test } from '@jest/globals';
import { RecentResult } from './recent-result.ts';
import { RecentResults } from './recent-results.ts';

/** A read that the test ends itself. */
function controlledRead() {
  const reads: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  return {
    reads,
    read: () => new Promise<string>((resolve, reject) => reads.push({ resolve, reject })),
  };
}

describe('a recent result', () => {
  test('is read once for calls at the same time, however long it takes, and for later ones until it is too old', async () => {
    let monotonicMs = 0;
    const { reads, read } = controlledRead();
    const result = new RecentResult(read, 1_000, { monotonicMs: () => monotonicMs });
    const first = result.get();
    monotonicMs = 5_000;
    const second = result.get();
    expect(reads).toHaveLength(1);
    reads[0]?.resolve('one');
    expect(await Promise.all([first, second])).toEqual(['one', 'one']);
    const third = result.get();
    expect(reads).toHaveLength(2);
    reads[1]?.resolve('two');
    await third;
    monotonicMs = 5_999;
    expect(await result.get()).toBe('two');
    expect(reads).toHaveLength(2);
  });

  test('is not remembered after an error', async () => {
    const { reads, read } = controlledRead();
    const result = new RecentResult(read, 1_000, { monotonicMs: () => 0 });
    const failing = [result.get(), result.get()];
    reads[0]?.reject(new Error('no database'));
    for (const failed of failing) await expect(failed).rejects.toThrow('no database');
    const next = result.get();
    reads[1]?.resolve('one');
    expect(await next).toBe('one');
  });

  test('that was forgotten is read again, also while a read is running', async () => {
    const { reads, read } = controlledRead();
    const result = new RecentResult(read, 1_000, { monotonicMs: () => 0 });
    const early = result.get();
    result.forget();
    const [late, later] = [result.get(), result.get()];
    expect(reads).toHaveLength(2);
    reads[0]?.reject(new Error('no database'));
    await expect(early).rejects.toThrow('no database');
    reads[1]?.resolve('two');
    expect(await Promise.all([late, later, result.get()])).toEqual(['two', 'two', 'two']);
    result.forget();
    void result.get();
    expect(reads).toHaveLength(3);
  });
});

describe('recent results of several questions', () => {
  test('are read one after the other, also after an error', async () => {
    const { reads, read } = controlledRead();
    const asked: string[] = [];
    const results = new RecentResults<string, string>(
      (question) => {
        asked.push(question);
        return read();
      },
      1_000,
      { monotonicMs: () => 0 },
    );
    const [one, other, again] = [results.get('a'), results.get('b'), results.get('a')];
    await Promise.resolve();
    expect(asked).toEqual(['a']);
    reads[0]?.reject(new Error('no database'));
    await expect(one).rejects.toThrow('no database');
    await expect(again).rejects.toThrow('no database');
    expect(asked).toEqual(['a', 'b']);
    reads[1]?.resolve('answer');
    expect(await other).toBe('answer');
  });

  test('are forgotten when there are too many', async () => {
    const asked: number[] = [];
    const results = new RecentResults<number, string>(
      (question) => {
        asked.push(question);
        return Promise.resolve('');
      },
      1_000,
      { monotonicMs: () => 0 },
    );
    for (let question = 0; question <= 50; question += 1) await results.get(question);
    await results.get(50);
    await results.get(0);
    expect(asked.slice(50)).toEqual([50, 0]);
  });
});
