/** Size of the blocks into which small chunks are copied. */
const BLOCK = 16_384;

/**
 * Collects the chunks of a body. Copies small chunks into blocks: a peer can send each byte as a chunk of its own, and a buffer per
 * byte takes more than a hundred times as much memory.
 */
export class ByteCollector {
  readonly #blocks: Buffer[] = [];
  #block = Buffer.alloc(0);
  #filled = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    this.#length += chunk.length;
    if (chunk.length >= BLOCK) {
      this.#finishBlock();
      this.#blocks.push(chunk);
      return;
    }
    if (this.#filled + chunk.length > this.#block.length) {
      this.#finishBlock();
      this.#block = Buffer.allocUnsafeSlow(BLOCK);
    }
    this.#filled += chunk.copy(this.#block, this.#filled);
  }

  /** Returns the chunks in one piece, and forgets them. */
  take(): Buffer {
    this.#finishBlock();
    const blocks = this.#blocks.splice(0);
    this.#length = 0;
    return blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks);
  }

  #finishBlock(): void {
    if (this.#filled > 0) {
      this.#blocks.push(this.#block.subarray(0, this.#filled));
    }
    this.#block = Buffer.alloc(0);
    this.#filled = 0;
  }
}
