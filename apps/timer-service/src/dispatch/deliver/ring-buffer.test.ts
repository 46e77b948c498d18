import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RingBuffer } from './ring-buffer.ts';

describe('Fifo', () => {
  test('behaves as an array of which the first is taken', () => {
    const command = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ kind: 'push' as const }) },
      { weight: 3, arbitrary: fc.constant({ kind: 'shift' as const }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), keep: fc.nat(100) }) },
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 1_000, size: 'max' }), (commands) => {
        const fifo = new RingBuffer<number>();
        const model: number[] = [];
        for (const [n, one] of commands.entries()) {
          if (one.kind === 'push') {
            fifo.push(n);
            model.push(n);
          } else if (one.kind === 'shift') {
            expect(fifo.shift()).toBe(model.shift());
          } else {
            expect(fifo.cut(one.keep)).toEqual(model.splice(one.keep));
          }
          expect(fifo.size).toBe(model.length);
        }
      }),
    );
  });

  test('lets go of what was taken, also while it never runs empty', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const fifo = new RingBuffer<object>();
    const taken: WeakRef<object>[] = [];
    fifo.push({});
    for (let n = 0; n < 10_000; n += 1) {
      fifo.push({});
      const item = fifo.shift();
      if (item !== undefined) taken.push(new WeakRef(item));
    }
    // WeakRefs keep what they refer to until the end of the job in which they were made.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const alive = taken.filter((reference) => reference.deref() !== undefined).length;
    expect(alive).toBeLessThan(100);
    expect(fifo.size).toBe(1);
  });
});
