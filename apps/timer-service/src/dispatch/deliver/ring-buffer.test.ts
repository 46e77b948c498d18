import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RingBuffer } from './ring-buffer.ts';

describe('RingBuffer', () => {
  test('behaves like an array', () => {
    const command = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ kind: 'push' as const }) },
      { weight: 3, arbitrary: fc.constant({ kind: 'shift' as const }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), keep: fc.nat(100) }) },
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 1_000, size: 'max' }), (commands) => {
        const buffer = new RingBuffer<number>();
        const model: number[] = [];
        for (const [n, one] of commands.entries()) {
          if (one.kind === 'push') {
            buffer.push(n);
            model.push(n);
          } else if (one.kind === 'shift') {
            expect(buffer.shift()).toBe(model.shift());
          } else {
            expect(buffer.cut(one.keep)).toEqual(model.splice(one.keep));
          }
          expect(buffer.size).toBe(model.length);
        }
      }),
    );
  });

  test('holds no reference to removed items, even if it is never empty', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const buffer = new RingBuffer<object>();
    const removed: WeakRef<object>[] = [];
    buffer.push({});
    for (let n = 0; n < 10_000; n += 1) {
      buffer.push({});
      const item = buffer.shift();
      if (item !== undefined) removed.push(new WeakRef(item));
    }
    // A new WeakRef keeps its target alive until the end of the current job.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const alive = removed.filter((reference) => reference.deref() !== undefined).length;
    expect(alive).toBeLessThan(100);
    expect(buffer.size).toBe(1);
  });
});
