import { Duplex } from 'node:stream';

/** One end of a connection inside a process. */
class SocketEnd extends Duplex {
  peer: SocketEnd | undefined;
  /** The peer has no room for more: continues its write. */
  #resume: (() => void) | undefined;

  override _read(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: (error?: Error | null) => void): void {
    const { peer } = this;
    if (peer === undefined || peer.destroyed) {
      callback(Object.assign(new Error('the connection is closed'), { code: 'EPIPE' }));
      return;
    }
    if (peer.push(chunk)) callback();
    else
      peer.#resume = () => {
        callback();
      };
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.peer?.destroyed === false) this.peer.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { peer } = this;
    this.peer = undefined;
    this.#resume = undefined;
    if (peer !== undefined) setImmediate(() => peer.destroy());
    callback(error);
  }
}

/** Two connected ends: what is written to one is read from the other, and both are closed together. */
export function socketPair(): [Duplex, Duplex] {
  const near = new SocketEnd();
  const far = new SocketEnd();
  near.peer = far;
  far.peer = near;
  return [near, far];
}
