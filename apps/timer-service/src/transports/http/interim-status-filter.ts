const CR = 0x0d;
const LF = 0x0a;
const DIGIT_0 = 0x30;
const DIGIT_1 = 0x31;
const DIGIT_2 = 0x32;
/** Positions of the status code in `HTTP/1.1 100`. */
const STATUS_AT = 9;
const STATUS_END = 12;

/**
 * Changes the status of interim responses from 100 to 102 in the received bytes. undici treats `100 Continue` as an
 * error because it never sends `Expect`, but proxies and some servers send 100 without it (RFC 9110, section 15.2:
 * clients must be able to parse unexpected 1xx responses). undici ignores 102.
 */
export class InterimStatusFilter {
  /** The status line of the final response has been received: the rest is not examined. */
  #isFinal = false;
  /** How much of the current status line has been received, up to the end of its status code. */
  #position = 0;
  #isZero = true;
  /** Bytes of the current line after the status code, without CR. */
  #lineBytes = 0;

  /** A request is about to be written: its response comes next. */
  reset(): void {
    this.#isFinal = false;
    this.#startHead();
  }

  /** Modifies `chunk`. */
  apply(chunk: Buffer): void {
    for (let index = 0; index < chunk.length && !this.#isFinal; index += 1) {
      const byte = chunk[index];
      if (this.#position === STATUS_END) this.#readHeaders(byte);
      else if (this.#readStatusLine(byte)) chunk[index] = DIGIT_2;
    }
  }

  #startHead(): void {
    this.#position = 0;
    this.#isZero = true;
    // The status line itself.
    this.#lineBytes = STATUS_END;
  }

  /** Returns true if the byte completes the status 100. */
  #readStatusLine(byte: number | undefined): boolean {
    if (this.#position === 0 && (byte === CR || byte === LF)) return false;
    if (this.#position === STATUS_AT) this.#isFinal = byte !== DIGIT_1;
    if (this.#position > STATUS_AT) this.#isZero &&= byte === DIGIT_0;
    this.#position += 1;
    return this.#position === STATUS_END && this.#isZero;
  }

  /** Reads until the empty line that ends the interim response. */
  #readHeaders(byte: number | undefined): void {
    if (byte === CR) return;
    if (byte !== LF) this.#lineBytes += 1;
    else if (this.#lineBytes > 0) this.#lineBytes = 0;
    else this.#startHead();
  }
}
