import { z } from 'zod';
import { anchorWallClock } from '../measure/wall-clock.ts';
import { type Arrivals, benchPayloadSchema } from './arrivals.ts';

/** Requests of the parent process. */
const recorderRequestSchema = z.discriminatedUnion('kind', [
  /** Discard all arrivals; the reply is `{kind: 'reset'}`. */
  z.object({ kind: z.literal('reset') }),
  /** Reply with the arrivals once `count` different callbacks have arrived, or none has arrived for `quietMs`. */
  z.object({ kind: z.literal('collect'), count: z.number(), quietMs: z.number() }),
]);

const LARGE_BYTES = 16_384;

/** Large bodies would fill the memory of the receiver. */
function withoutText(body: Uint8Array): Uint8Array {
  const payload = benchPayloadSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  return Buffer.from(JSON.stringify({ ...payload, text: '' }));
}

/** Records bodies as cheaply as possible and parses them only when they are collected. */
export class Recorder {
  #bodies: Uint8Array[] = [];
  #instants: number[] = [];
  #nowMs = anchorWallClock();

  now(): number {
    return this.#nowMs();
  }

  add(arrivedMs: number, body: Uint8Array): void {
    this.#instants.push(arrivedMs);
    this.#bodies.push(body.length > LARGE_BYTES ? withoutText(body) : body);
  }

  /** Handles requests of the parent process. */
  serve(): void {
    process.on('message', (message) => {
      const request = recorderRequestSchema.parse(message);
      if (request.kind === 'reset') {
        this.#bodies = [];
        this.#instants = [];
        this.#nowMs = anchorWallClock();
        process.send?.({ kind: 'reset' });
      } else {
        this.#collect(request.count, request.quietMs);
      }
    });
    process.on('disconnect', () => process.exit(0));
  }

  #collect(count: number, quietMs: number): void {
    let bodyCount = -1;
    let changedAt = performance.now();
    const check = setInterval(() => {
      const now = performance.now();
      if (this.#bodies.length !== bodyCount) {
        bodyCount = this.#bodies.length;
        changedAt = now;
      }
      const quiet = now - changedAt > quietMs;
      if (!quiet && (bodyCount < count || this.#distinct() < count)) return;
      clearInterval(check);
      process.send?.(this.#arrivals());
    }, 20);
  }

  #distinct(): number {
    return new Set(this.#bodies.map((body) => Buffer.from(body).toString('latin1'))).size;
  }

  #arrivals(): Arrivals {
    const payloads = this.#bodies.map((body) =>
      benchPayloadSchema.parse(JSON.parse(Buffer.from(body).toString('utf8'))),
    );
    return {
      n: Float64Array.from(payloads, ({ n }) => n),
      dueMs: Float64Array.from(payloads, ({ dueMs }) => dueMs),
      arrivedMs: Float64Array.from(this.#instants),
    };
  }
}
